/**
 * What the tests of dead letters stand on: a Redis of their own with letters of status events in it.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { encodeStatusEvent } from "lib/event/codec.ts";
import { DeadLetters } from "lib/stream/dead_letters/dead_letters.ts";
import type { LetterFilter } from "lib/stream/dead_letters/letter_filter.ts";
import type { FoundLetter } from "lib/stream/dead_letters/found_letter.ts";
import { letterSources } from "lib/stream/dead_letters/letter_sources.ts";
import { requeue, type Requeued, type RequeueOptions } from "lib/stream/dead_letters/requeue.ts";
import { BASE, DLQ, eventOf, SHARDS, streamOf } from "./consumer_bench.ts";

/** Where the letters are. */
const SOURCES = letterSources({
  STREAM_STATUS_BASE: BASE,
  STREAM_STATUS_DLQ: DLQ,
  STREAM_LOGS_BASE: "stream:job-logs",
  STREAM_LOGS_DLQ: "stream:job-logs-dlq",
  STREAM_NUM_SHARDS: SHARDS,
});

/** A letter to be written by a test; what is not given is as a consumer would have it. */
export interface GivenLetter {
  readonly job: string;
  /** Number of the event within its job; also the time in the entry's id. */
  readonly n: number;
  readonly data?: string | Uint8Array;
  readonly reason?: string;
  readonly error?: string;
  readonly stream?: string;
  readonly originId?: string;
  /** Id of the letter. */
  readonly id?: string;
}

/** Writes letters in the order given; returns their ids. */
export async function writeLetters(redis: Redis, ...given: readonly GivenLetter[]): Promise<string[]> {
  const pipeline = redis.pipeline();
  for (const letter of given) {
    const { job, n, data = encodeStatusEvent(eventOf(job, n)), stream = streamOf(job) } = letter;
    const { reason = "handler failed", error = "out of paper", originId = `${n}-0`, id = "*" } = letter;
    const bytes = typeof data === "string" ? data : Buffer.from(data);
    pipeline.xadd(
      DLQ,
      id,
      "data",
      bytes,
      "reason",
      reason,
      "origin_stream",
      stream,
      "origin_id",
      originId,
      "ts",
      "1768478400000",
      "error",
      error,
      "deliveries",
      "5",
      "first_seen",
      "1768478300000",
    );
  }
  const replies = await pipeline.exec() ?? [];
  return replies.map(([fault, id]) => {
    if (fault) throw fault;
    return String(id);
  });
}

/** The dead letters of the status streams. */
export function statusLetters(redis: Redis): DeadLetters {
  return new DeadLetters(redis, SOURCES.status);
}

/** All letters that are meant, as one list. */
export async function allLetters(letters: DeadLetters, filter: LetterFilter = {}): Promise<FoundLetter[]> {
  const all: FoundLetter[] = [];
  for await (const page of letters.pages(filter)) all.push(...page);
  return all;
}

/** Puts letters back and returns what became of them, as one list. */
export async function requeueAll(
  letters: DeadLetters,
  options: Partial<RequeueOptions> = {},
): Promise<Requeued[]> {
  const all: Requeued[] = [];
  for await (const done of requeue(letters, { filter: {}, ...options })) all.push(...done);
  return all;
}

/** An entry of a stream with its fields as bytes. */
export interface RawStreamEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, Buffer>;
}

/** All entries of a stream. */
export async function entriesOf(redis: Redis, stream: string): Promise<RawStreamEntry[]> {
  const entries = await redis.xrangeBuffer(stream, "-", "+");
  return entries.map(([id, fields]) => {
    const pairs = fields.flatMap((name, at): [string, Buffer][] => {
      const value = fields[at + 1];
      return at % 2 === 0 && value ? [[name.toString(), value]] : [];
    });
    return { id: id.toString(), fields: new Map(pairs) };
  });
}

/** Numbers of a job's events in its stream, in order. */
export async function numbersIn(redis: Redis, job: string): Promise<number[]> {
  const entries = await entriesOf(redis, streamOf(job));
  return entries.map(({ fields }) => JSON.parse(String(fields.get("data"))))
    .filter(({ job_id }) => job_id === job).map(({ message }) => Number(message));
}
