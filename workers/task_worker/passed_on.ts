/**
 * Whether the log forwarder has passed on what a running container has printed so far, as far as that can be seen from
 * here: asked before the container is stopped, because pfcon can stop one only by removing it, log and all.
 *
 * Lines are passed on in order, so all that pfcon shows is, if the end of it is found among what was passed on. One
 * line does not tell where that is (`tick`, `tick`, `tick`), so many are compared. What this cannot see through is a
 * log whose end, as far as pfcon shows it, repeats itself: then lines that are still missing look like those before.
 *
 * @module
 */
import { z } from "@zod/zod";
import type { Redis } from "ioredis";
import type { StepContainers } from "lib/store/step_containers.ts";
import { LogRecord } from "lib/stream/log_record.ts";
import type { StepTarget } from "./end_step.ts";

/** Entries of the shard that are searched in one place: a page at a time, so many pages. */
const PAGE = 1_000;
const MAX_PAGES = 20;
/** As many lines are compared, the last ones. */
const COMPARED_LINES = 30;
/** As much of a line is compared: the forwarder may have cut it. */
const COMPARED = 1_000;
/** pfcon shows so many lines at most, unless it is set up otherwise: what is shorter is the whole log. */
const SHOWN_LINES = 1_000;
/** So far the runtime's clock may be ahead of that of Redis (ms). */
const CLOCKS_APART_MS = 60_000;

/** What is asked about. */
export interface PassedOnQuestion {
  readonly target: StepTarget;
  /** The log stream of the job's shard. */
  readonly stream: string;
  readonly container: StepContainers;
  /** The last lines of its log, as pfcon shows them. */
  readonly tail: string;
}

/** True if all of `tail` is in the log stream, or was. Rejects if Redis is away. */
export async function isPassedOn(redis: Redis, question: PassedOnQuestion): Promise<boolean> {
  const shown = linesOf(question.tail);
  if (shown.length === 0) return true; // it has printed nothing, so nothing can be lost
  const cursor = await cursorOf(redis, question.container.current);
  if (cursor && cursor.seq < shown.length) return false;
  if (cursor?.seq === shown.length && shown.length < SHOWN_LINES) return true;
  const isCut = cursor !== null;
  return await endsAmong(newest(redis, question.stream), question, { shown, isCut }) ||
    (cursor !== null && await endsAmong(since(redis, question.stream, cursor), question, { shown, isCut }));
}

/** Whole lines of a log. The runtime keeps back what has no newline yet. Pure. */
export function linesOf(tail: string): string[] {
  const lines = tail.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
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

/** Pages of entries, the newest entries first. */
async function* newest(redis: Redis, stream: string): Pages {
  for (let page = 1, before = "+"; page <= MAX_PAGES; page++) {
    const entries = await redis.xrevrange(stream, before, "-", "COUNT", PAGE);
    const oldest = entries.at(-1)?.[0];
    const isLast = oldest === undefined || entries.length < PAGE;
    yield { entries: entries.reverse(), goes: "before", isCut: page === MAX_PAGES && !isLast };
    if (isLast) return;
    before = `(${oldest}`;
  }
}

/** Pages of entries from about the time on at which the last published lines were printed. */
async function* since(redis: Redis, stream: string, { at }: z.infer<typeof Cursor>): Pages {
  const printedAt = Math.max(...Object.values(at).map(({ latest }) => Date.parse(`${latest.slice(0, 19)}Z`)));
  if (!Number.isFinite(printedAt)) return;
  for (let page = 1, from = `${Math.max(0, printedAt - CLOCKS_APART_MS)}-0`; page <= MAX_PAGES; page++) {
    const entries = await redis.xrange(stream, from, "+", "COUNT", PAGE);
    const last = entries.at(-1)?.[0];
    yield { entries, goes: "behind", isCut: true };
    if (last === undefined || entries.length < PAGE) return;
    from = `(${last}`;
  }
}

interface PageOfEntries {
  readonly entries: [id: string, fields: string[]][];
  /** Where it stands: before or behind the pages that came before it. */
  readonly goes: "before" | "behind";
  /** Whether there are, or were, older entries that will not be read. */
  readonly isCut: boolean;
}
type Pages = AsyncIterable<PageOfEntries>;

/** Whether the container's lines among the entries hold the end of what is shown. Stops reading when they do. */
async function endsAmong(
  pages: Pages,
  question: PassedOnQuestion,
  { shown, isCut }: { shown: readonly string[]; isCut: boolean },
): Promise<boolean> {
  // pfcon may show the first line without its beginning: what it counts are the runtime's pieces of lines.
  const end = shown.slice(shown.length > 1 ? 1 : 0).slice(-COMPARED_LINES).map((line) =>
    line.slice(0, COMPARED)
  );
  let published: string[] = [];
  let wasCut = isCut;
  for await (const page of pages) {
    const lines = page.entries.flatMap(([, fields]) => lineOf(fields, question));
    published = page.goes === "before" ? [...lines, ...published] : [...published, ...lines];
    wasCut ||= page.isCut;
    if (lines.length > 0 && holds(published, end)) return true;
  }
  // Of the lines before these, which are not there any more, the forwarder's count tells that they were.
  return wasCut && published.length > 0 && published.length < end.length && holds(end, published, end.length);
}

/** Whether `part` stands in `lines` in one piece; if `upTo` is given, as the last of the first `upTo`. Pure. */
function holds(lines: readonly string[], part: readonly string[], upTo?: number): boolean {
  for (let until = upTo ?? lines.length; until >= (upTo ?? part.length); until--) {
    const from = until - part.length;
    if (part.every((line, at) => lines[from + at] === line)) return true;
  }
  return false;
}

/** The beginning of the container's line that the entry holds, if it is one. */
function lineOf(fields: readonly string[], { target, container }: PassedOnQuestion): string[] {
  const data = fields[fields.indexOf("data") + 1] ?? "";
  if (!data.includes(target.jobId)) return []; // most entries are of other jobs: spares reading them
  const { data: event } = Line.safeParse(parsedJson(data));
  if (!event || event.job_id !== target.jobId || event.job_type !== target.step || event.eos) return [];
  const id = event.container_id ?? null; // a log forwarder of the reference names none
  const isOther = id !== null &&
    (container.current === null ? container.earlier.includes(id) : id !== container.current);
  return isOther ? [] : [event.line.slice(0, COMPARED)];
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
