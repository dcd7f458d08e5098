/**
 * Reading streams without a group, for the browser side: every process sees every entry.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import { sleep } from "../run/sleep.ts";
import { TRACING } from "../run/trace.ts";
import { unlessAborted } from "../run/unless_aborted.ts";
import { FIRST_ENTRY_ID, isEntryId } from "./entry_id.ts";
import { PageSize } from "./page_size.ts";

/** New entries of one stream, in order. */
export interface TailBatch {
  readonly stream: string;
  readonly entries: readonly StreamEntry[];
}

/** What a reader gets of an entry. */
export interface StreamEntry {
  readonly id: string;
  /**
   * Its place in the history of its job: its id, or the id it had at first if it was put back from the dead letters
   * (`requeue.ts`).
   */
  readonly position: string;
  readonly data: string;
  /** The trace that it is part of (`lib/run/trace.ts`), if any; only looked for by a process that traces. */
  readonly traceparent?: string;
}

/** Longest block of one read (ms). */
const BLOCK_MS = 2_000;

/** Id of the stream's newest entry, or of the last one it ever had if it was emptied; `0-0` if there never was one. */
export async function lastEntryId(redis: Redis, stream: string): Promise<string> {
  try {
    const info = await redis.xinfo("STREAM", stream) as unknown[];
    return String(info[info.indexOf("last-generated-id") + 1]);
  } catch (error) {
    if (error instanceof Error && /no such key/i.test(error.message)) return FIRST_ENTRY_ID;
    throw error;
  }
}

/**
 * Follows streams from given ids on (exclusive) until `signal` aborts; `positions` moves along, and may be moved by
 * others between two reads. `redis` blocks meanwhile, so it must be a connection of its own, closed after the end: a
 * read may still be under way. Outages are waited out; entries without a `data` field are passed over.
 */
export async function* tail(
  redis: Redis,
  positions: Map<string, string>,
  { signal, log, count = 1_000 }: { signal: AbortSignal; log: Logger; count?: number },
): AsyncGenerator<TailBatch[]> {
  const size = new PageSize(count);
  for (let faults = 0; !signal.aborted;) {
    try {
      const streams = [...positions.keys(), ...positions.values()];
      const reply = await unlessAborted(
        redis.xread("COUNT", size.count, "BLOCK", BLOCK_MS, "STREAMS", ...streams),
        signal,
      );
      faults = 0;
      const batches = (reply ?? []).map(([stream, entries]): TailBatch => {
        positions.set(stream, entries.at(-1)?.[0] ?? positions.get(stream) ?? FIRST_ENTRY_ID);
        return { stream, entries: entries.flatMap(([id, fields]) => dataOf(id, fields)) };
      });
      size.saw(batches.flatMap(({ entries }) => entries));
      if (batches.length > 0) yield batches;
    } catch (error) {
      if (signal.aborted) return;
      if (faults++ === 0) log.warn({ error: String(error) }, "cannot read the streams, trying again");
      await sleep(backoffMs(faults), signal);
    }
  }
}

/** Entries of a stream from `after` (exclusive) to `until` (inclusive), in pages of at most `count`. */
export async function* readRange(
  redis: Redis,
  stream: string,
  { after, until, count = 1_000 }: { after: string; until: string; count?: number },
): AsyncGenerator<StreamEntry[]> {
  const size = new PageSize(count);
  for (let start: string | null = after; start !== null;) {
    const page: StreamPage = await readPage(redis, stream, { after: start, until, count: size.count });
    size.saw(page.entries);
    if (page.entries.length > 0) yield page.entries;
    start = page.last;
  }
}

/** One page of a range. */
export interface StreamPage {
  readonly entries: StreamEntry[];
  /** Where the next page begins; null if there is none. */
  readonly last: string | null;
}

/** The first `count` entries after `after` (exclusive), up to `until` (inclusive). */
export async function readPage(
  redis: Redis,
  stream: string,
  { after, until, count }: { after: string; until: string; count: number },
): Promise<StreamPage> {
  const found = await redis.xrange(stream, `(${after}`, until, "COUNT", count);
  const last = found.length < count ? null : found.at(-1)?.[0] ?? null;
  return { entries: found.flatMap(([id, fields]) => dataOf(id, fields)), last };
}

/**
 * Id up to which a group has acknowledged everything: what comes after it may still be on its way. `0-0` if there
 * is no such group.
 */
export async function acknowledgedUpTo(redis: Redis, stream: string, group: string): Promise<string> {
  try {
    const [groups, pending] = await Promise.all([
      redis.xinfo("GROUPS", stream) as Promise<unknown[][]>,
      redis.xpending(stream, group) as Promise<[number, string | null, ...unknown[]]>,
    ]);
    if (pending[1]) return beforeEntry(pending[1]);
    const info = groups.find((fields) => fields[fields.indexOf("name") + 1] === group);
    return info ? String(info[info.indexOf("last-delivered-id") + 1]) : FIRST_ENTRY_ID;
  } catch (error) {
    if (error instanceof Error && /NOGROUP|no such key/i.test(error.message)) return FIRST_ENTRY_ID;
    throw error;
  }
}

/** The largest second part of an id that is a number here and in the stores. Redis could count farther; nobody has. */
const LAST_NUMBER = Number.MAX_SAFE_INTEGER;

/** The largest id before this one. */
export function beforeEntry(id: string): string {
  const [ms = "0", seq = "0"] = id.split("-");
  if (seq !== "0") return `${ms}-${Number(seq) - 1}`;
  return ms === "0" ? FIRST_ENTRY_ID : `${Number(ms) - 1}-${LAST_NUMBER}`;
}

function dataOf(id: string, fields: readonly string[]): StreamEntry[] {
  const data = fieldOf(fields, "data");
  const requeuedFrom = fieldOf(fields, "requeued_from");
  const position = requeuedFrom && isEntryId(requeuedFrom) ? requeuedFrom : id;
  if (data === undefined) return [];
  const traceparent = TRACING ? fieldOf(fields, "traceparent") : undefined;
  return [traceparent === undefined ? { id, position, data } : { id, position, data, traceparent }];
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === name);
  return at < 0 ? undefined : fields[at + 1];
}
