/**
 * Whether the log forwarder has passed on what a running container has printed so far, as far as that can be seen from
 * here: asked before the container is stopped, because pfcon can stop one only by removing it, log and all.
 *
 * Lines are passed on in order, so all that pfcon shows is, if the end of it is found among what was passed on. One
 * line does not tell where that is (`tick`, `tick`, `tick`), so many are compared. What this cannot see through is a
 * log whose end, as far as pfcon shows it, repeats itself: then lines that are still missing look like those before.
 * Nor does it wait for the end of a line: what has no newline yet (a progress bar) is passed on when the line is whole
 * or the container has ended.
 *
 * @module
 */
import { z } from "@zod/zod";
import type { Redis } from "ioredis";
import type { StepContainers } from "lib/store/step_containers.ts";
import { LogRecord } from "lib/stream/log_record.ts";
import { PageSize } from "lib/stream/page_size.ts";
import type { StepTarget } from "./end_step.ts";

/** As many entries of the shard are read at once; and in one place, or as many characters of them. */
const PAGE = 1_000;
const MAX_ENTRIES = 20_000;
const MAX_LENGTH = 50_000_000;
/** As many lines are compared, the last ones. */
const COMPARED_LINES = 30;
/** As much of a line is compared: the forwarder may have cut it. */
const COMPARED = 1_000;
/** A line that is longer may have come in pieces (of 16 KiB, from 5,461 characters on), between them those of others. */
const PIECE = 5_000;
/** pfcon shows so many lines at most, unless it is set up otherwise: what is shorter is the whole log. */
const SHOWN_LINES = 1_000;
/** So long after it was printed a line is in the stream at most, and mostly; the clocks may differ, too (ms). */
const PUBLISHED_WITHIN_MS = [60_000, 3_000];

/** What is asked about. */
export interface PassedOnQuestion {
  readonly target: StepTarget;
  /** The log stream of the job's shard. */
  readonly stream: string;
  readonly container: StepContainers;
  /** The last lines of its log, as pfcon shows them. */
  readonly tail: string;
}

/** True if all lines of `tail` are in the log stream, or were. Rejects if Redis is away. */
export async function isPassedOn(redis: Redis, question: PassedOnQuestion): Promise<boolean> {
  const shown = linesOf(question.tail);
  if (shown.length === 0) return true; // it has printed no line, so none can be lost
  const cursor = await cursorOf(redis, question.container.current);
  if (cursor && cursor.seq < shown.length) return false;
  if (cursor?.seq === shown.length && shown.length < SHOWN_LINES) return true;
  // pfcon may show the first line without its beginning: what it counts are the runtime's pieces of lines.
  const end = shown.slice(shown.length > 1 ? 1 : 0).slice(-COMPARED_LINES);
  for (const place of placesToLook(cursor)) {
    const pages = pagesBefore(redis, question.stream, place);
    if (await isAmong(pages, question, { end, isCounted: cursor !== null })) return true;
  }
  return false;
}

/** Whole lines of a log. */
export function linesOf(tail: string): string[] {
  return tail.split("\n").slice(0, -1);
}

/** What the log forwarder notes of a container: how many lines it has published, and when the last ones were printed. */
const Cursor = z.object({
  seq: z.int(),
  at: z.record(z.string(), z.object({ latest: z.string() })).catch({}),
});

async function cursorOf(redis: Redis, containerId: string | null): Promise<z.infer<typeof Cursor> | null> {
  if (containerId === null) return null;
  const text = await new LogRecord(redis, "task-worker").cursor(containerId);
  return Cursor.safeParse(parsedJson(text ?? "null")).data ?? null;
}

/** Where in the stream the last lines may be: at its end, or about when they were printed, as entry ids tell the time. */
function placesToLook(cursor: z.infer<typeof Cursor> | null): string[] {
  const times = Object.values(cursor?.at ?? {}).map(({ latest }) => Date.parse(`${latest.slice(0, 19)}Z`));
  const printedAt = Math.max(...times);
  return ["+", ...Number.isFinite(printedAt) ? PUBLISHED_WITHIN_MS.map((ms) => String(printedAt + ms)) : []];
}

/** Entries that were read at once. */
interface Page {
  readonly entries: readonly [id: string, fields: string[]][];
  /** Whether there are none before them. */
  readonly isFirst: boolean;
}

/** Pages of entries up to a place, the last ones first. */
async function* pagesBefore(redis: Redis, stream: string, place: string): AsyncGenerator<Page> {
  const size = new PageSize(PAGE);
  for (let upTo = place, count = 0, length = 0; count < MAX_ENTRIES && length < MAX_LENGTH;) {
    const wanted = size.count;
    const entries = await redis.xrevrange(stream, upTo, "-", "COUNT", wanted);
    const oldest = entries.at(-1)?.[0];
    const isFirst = oldest === undefined || entries.length < wanted;
    const read = entries.map(([, fields]) => ({ data: dataOf(fields) }));
    yield { entries: entries.reverse(), isFirst };
    if (isFirst) return;
    upTo = `(${oldest}`;
    size.saw(read);
    count += read.length;
    length += read.reduce((sum, { data }) => sum + data.length, 0);
  }
}

/** Whether the container's lines on the pages hold `end`. Stops reading when they do. */
async function isAmong(
  pages: AsyncIterable<Page>,
  question: PassedOnQuestion,
  { end, isCounted }: { end: readonly string[]; isCounted: boolean },
): Promise<boolean> {
  let published: string[] = [];
  let isCut = true;
  for await (const { entries, isFirst } of pages) {
    const lines = entries.flatMap(([, fields]) => lineOf(dataOf(fields), question));
    published = [...lines, ...published];
    isCut = isCounted || !isFirst;
    if (lines.length > 0 && holds(published, end)) return true;
  }
  if (!isCut || published.length === 0 || published.length >= end.length) return false;
  // Of the lines before these, which are not there any more, the forwarder's count tells that they were.
  return published.every((line, at) => isSame(end.at(at - published.length), line));
}

/** Whether `part` stands among `lines` in one piece. Pure. */
function holds(lines: readonly string[], part: readonly string[]): boolean {
  for (let from = lines.length - part.length; from >= 0; from--) {
    if (part.every((line, at) => isSame(line, lines[from + at]))) return true;
  }
  return false;
}

/**
 * Whether a line that pfcon shows may be one that was passed on. It shows the pieces of long lines in the order in which
 * they were printed: pieces of a line on one stream may stand in front of a line on the other one, which then parts the
 * first one from its end.
 */
function isSame(shown: string | undefined, line: string | undefined): boolean {
  if (shown === undefined || line === undefined) return false;
  return shown.slice(0, COMPARED) === line.slice(0, COMPARED) ||
    (shown.length > PIECE && shown.endsWith(line)) || (line.length > PIECE && line.endsWith(shown));
}

function dataOf(fields: readonly string[]): string {
  return fields[fields.indexOf("data") + 1] ?? "";
}

/** The container's line that the entry holds, if it is one. */
function lineOf(data: string, { target, container }: PassedOnQuestion): string[] {
  if (!data.includes(target.jobId)) return []; // most entries are of other jobs: spares reading them
  const { data: event } = Line.safeParse(parsedJson(data));
  if (!event || event.job_id !== target.jobId || event.job_type !== target.step || event.eos) return [];
  const id = event.container_id ?? null; // a log forwarder of the reference names none
  const isOther = id !== null &&
    (container.current === null ? container.earlier.includes(id) : id !== container.current);
  return isOther ? [] : [event.line];
}

const Line = z.object({
  job_id: z.string(),
  job_type: z.string(),
  line: z.string(),
  eos: z.boolean(),
  container_id: z.string().nullish(),
});

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
