/**
 * What is known of a job up to the moment a client began to listen, as live entries would have told it.
 *
 * Records are stored some time after they appear in their stream. What is not stored yet is taken from the
 * stream itself, from where its consumers have acknowledged everything (`settled`) to where the live entries
 * begin (`tip`): so nothing falls between, and nothing comes twice.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { encodeLogEvent, encodeStatusEvent, encodeWorkflowEvent } from "lib/event/codec.ts";
import type { StatusEvent } from "lib/event/status.ts";
import type { WorkflowEvent } from "lib/event/workflow.ts";
import type { LogStore } from "lib/log_store/log_store.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { listOutbox, publishedMemoKey } from "lib/store/outbox.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import { compareEntryIds } from "lib/stream/entry_id.ts";
import { shardOf } from "lib/stream/keys.ts";
import { acknowledgedUpTo, readRange } from "lib/stream/tail.ts";
import { jobIdOf } from "./hub.ts";
import type { LiveEntry } from "./mailbox.ts";
import type { Kind } from "./position.ts";

/** Where history is read. */
export interface HistorySources {
  readonly sql: Sql;
  readonly redis: Redis;
  readonly logStore: Pick<LogStore, "read">;
  readonly logGroup: string;
  readonly numShards: number;
  /** The stream of a job's entries of one kind. */
  readonly streamOf: (kind: Kind, jobId: string) => string;
}

/** Part of a stream: after `after` (exclusive) up to `tip` (inclusive). */
export interface HistoryRange {
  readonly after: string;
  readonly tip: string;
}

/** Status events of the range, oldest first: recorded ones, those not recorded yet, and confirmations. */
export async function statusHistory(
  sources: HistorySources,
  jobId: string,
  range: HistoryRange,
): Promise<LiveEntry[]> {
  const { sql } = sources;
  const settled = await withOutage(
    "read progress",
    () => recordedUpTo(sql, shardOf(jobId, sources.numShards)),
  );
  const recorded = await withOutage("read statuses", () => listStatuses(sql, jobId));
  const entries = new Map(recorded.map(({ entryId, event }) => [entryId, replayedStatus(event)]));
  for (const { id, event } of await outboxEntries<StatusEvent>(sources, jobId, "status")) {
    entries.set(id, replayedStatus(event));
  }
  const stream = sources.streamOf("status", jobId);
  for await (const page of readRange(sources.redis, stream, { after: settled, until: range.tip })) {
    for (const { position, data } of page) {
      if (!entries.has(position) && jobIdOf(data) === jobId) entries.set(position, data);
    }
  }
  return within(range, "status", entries);
}

/** Workflow events of the range, oldest first. */
export async function workflowHistory(
  sources: HistorySources,
  jobId: string,
  range: HistoryRange,
): Promise<LiveEntry[]> {
  const entries = await outboxEntries<WorkflowEvent>(sources, jobId, "workflow");
  return within(range, "workflow", new Map(entries.map(({ id, event }) => [id, encodeWorkflowEvent(event)])));
}

/** Log events of the range, oldest first, page by page: from the log store, then what is still on its way there. */
export async function* logHistory(
  sources: HistorySources,
  jobId: string,
  range: HistoryRange & { signal: AbortSignal },
): AsyncGenerator<LiveEntry[]> {
  const stream = sources.streamOf("logs", jobId);
  const settled = await acknowledgedUpTo(sources.redis, stream, sources.logGroup);
  let last = range.after;
  for await (
    const page of sources.logStore.read(jobId, { after: range.after, withMarkers: true }, {
      signal: range.signal,
    })
  ) {
    const entries = page.filter(({ entryId }) => compareEntryIds(entryId, range.tip) <= 0)
      .map(({ entryId, event }): LiveEntry => ({ kind: "logs", id: entryId, data: encodeLogEvent(event) }));
    last = entries.at(-1)?.id ?? last;
    if (entries.length > 0) yield entries;
    if (entries.length < page.length) return; // the rest comes live
  }
  const after = compareEntryIds(last, settled) > 0 ? last : settled;
  for await (const page of readRange(sources.redis, stream, { after, until: range.tip })) {
    if (range.signal.aborted) return;
    const entries = page.filter(({ data }) => jobIdOf(data) === jobId)
      .map(({ position, data }): LiveEntry => ({ kind: "logs", id: position, data }));
    if (entries.length > 0) yield entries;
  }
}

/** Merges log pages with the few other entries, all by entry id, which is the order in which they were written. */
export async function* merged(
  others: readonly LiveEntry[],
  logs: AsyncIterable<LiveEntry[]>,
): AsyncGenerator<LiveEntry[]> {
  const waiting = [...others].sort((a, b) => compareEntryIds(a.id, b.id));
  for await (const page of logs) {
    const last = page.at(-1)?.id;
    if (last === undefined) continue;
    const next = waiting.findIndex((entry) => compareEntryIds(entry.id, last) > 0);
    const before = waiting.splice(0, next < 0 ? waiting.length : next);
    yield [...page, ...before].sort((a, b) => compareEntryIds(a.id, b.id));
  }
  if (waiting.length > 0) yield waiting;
}

/** Outbox rows that have gone out; one whose place is not noted yet is looked up where the relay remembers it. */
async function outboxEntries<E>(
  sources: HistorySources,
  jobId: string,
  stream: "status" | "workflow",
): Promise<{ id: string; event: E }[]> {
  const rows = await withOutage("read the outbox", () => listOutbox<E>(sources.sql, jobId, stream));
  const unnoted = rows.filter((row) => row.entryId === null);
  const memo = unnoted.length === 0
    ? []
    : await sources.redis.hmget(publishedMemoKey(jobId), ...unnoted.map((row) => row.id));
  const places = new Map(unnoted.map((row, index) => [row.id, memo[index] ?? null]));
  return rows.flatMap((row) => {
    const id = row.entryId ?? places.get(row.id) ?? null;
    return id === null ? [] : [{ id, event: row.event }];
  });
}

function within(range: HistoryRange, kind: Kind, entries: ReadonlyMap<string, string>): LiveEntry[] {
  return [...entries]
    .filter(([id]) => compareEntryIds(id, range.after) > 0 && compareEntryIds(id, range.tip) <= 0)
    .map(([id, data]): LiveEntry => ({ kind, id, data }))
    .sort((a, b) => compareEntryIds(a.id, b.id));
}

/** A status from history also has its time under the reference's name for it (http.md). */
function replayedStatus(event: StatusEvent): string {
  return `${encodeStatusEvent(event).slice(0, -1)},"updated_at":${JSON.stringify(event.timestamp)}}`;
}
