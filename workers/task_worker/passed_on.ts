/**
 * Whether the log forwarder has passed on what a running container has printed so far, as far as that can be seen from
 * here: asked before the container is stopped, because pfcon can stop one only by removing it, log and all.
 *
 * @module
 */
import { z } from "@zod/zod";
import type { Redis } from "ioredis";
import { LogRecord } from "lib/stream/log_record.ts";
import type { StepTarget } from "./end_step.ts";

/** Entries of the shard that are searched for the last line, newest first: a page at a time, so many pages. */
const PAGE = 1_000;
const MAX_PAGES = 20;
/** As much of a line is compared: the forwarder may have cut it. */
const COMPARED = 1_000;

/** What is asked about. */
export interface PassedOnQuestion {
  readonly target: StepTarget;
  /** The log stream of the job's shard. */
  readonly stream: string;
  /** The step's container; null if none was told of. */
  readonly containerId: string | null;
  /** The last lines of its log, as pfcon shows them. */
  readonly tail: string;
}

/** True if all of `tail` is in the log stream. Rejects if Redis is away. */
export async function isPassedOn(redis: Redis, question: PassedOnQuestion): Promise<boolean> {
  const lines = linesOf(question.tail);
  const last = lines.at(-1);
  if (last === undefined) return true; // it has printed nothing, so nothing can be lost
  if (question.containerId !== null && await publishedLines(redis, question.containerId) === lines.length) {
    return true;
  }
  return await isInStream(redis, question, last);
}

/** Whole lines of a log. The runtime keeps back what has no newline yet. Pure. */
export function linesOf(tail: string): string[] {
  const lines = tail.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** How many lines of the container the log forwarder has published; null if that is not known. */
async function publishedLines(redis: Redis, containerId: string): Promise<number | null> {
  const cursor = await new LogRecord(redis, "task-worker").cursor(containerId);
  try {
    return Cursor.parse(JSON.parse(cursor ?? "null")).seq;
  } catch {
    return null;
  }
}

const Cursor = z.object({ seq: z.int() });

async function isInStream(
  redis: Redis,
  { target, stream, containerId }: PassedOnQuestion,
  line: string,
): Promise<boolean> {
  for (let page = 0, before = "+"; page < MAX_PAGES; page++) {
    const entries = await redis.xrevrange(stream, before, "-", "COUNT", PAGE);
    if (entries.some(([, fields]) => isLine(fields, { target, containerId, line }))) return true;
    const oldest = entries.at(-1)?.[0];
    if (oldest === undefined || entries.length < PAGE) return false;
    before = `(${oldest}`;
  }
  return false;
}

function isLine(
  fields: readonly string[],
  { target, containerId, line }: { target: StepTarget; containerId: string | null; line: string },
): boolean {
  const data = fields[fields.indexOf("data") + 1] ?? "";
  if (!data.includes(target.jobId)) return false; // most entries are of other jobs: spares reading them
  const parsed = Line.safeParse(parsedJson(data));
  if (!parsed.success) return false;
  const event = parsed.data;
  return event.job_id === target.jobId && event.job_type === target.step && !event.eos &&
    (containerId === null || !event.container_id || event.container_id === containerId) &&
    event.line.slice(0, COMPARED) === line.slice(0, COMPARED);
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
