/**
 * What is known of a job up to the moment a client began to listen, as live entries would have told it: its statuses
 * and its workflow here, its log in `log_pages.ts`, both in the order in which they were written.
 *
 * @module
 */
import { encodeStatusEvent, encodeWorkflowEvent } from "lib/event/codec.ts";
import type { StatusEvent } from "lib/event/status.ts";
import type { WorkflowEvent } from "lib/event/workflow.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { listOutbox, publishedMemoKey } from "lib/store/outbox.ts";
import { listStatuses } from "lib/store/status_history.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import { shardOf } from "lib/stream/keys.ts";
import { redisCall } from "lib/stream/redis_script.ts";
import { readRange } from "lib/stream/tail.ts";
import { decodeEntry, type Entry, entryOf } from "./entry.ts";
import type { LogPage, LogSources } from "./log_pages.ts";
import type { Kind } from "./position.ts";
import type { Shareable } from "./shared_reads.ts";

/** Where history is read. */
export interface HistorySources extends LogSources {
  readonly sql: Sql;
  readonly numShards: number;
  /** The stream of a job's entries of one kind. */
  readonly streamOf: (kind: Kind, jobId: string) => string;
}

/** All statuses and workflow events of a job up to `tips`, oldest first. */
export interface JobHistory extends Shareable {
  readonly tips: Readonly<Record<Kind, string>>;
  readonly entries: readonly Entry[];
}

/**
 * Reads it. What is not recorded yet is taken from the stream itself, from where everything is recorded to the tip: so
 * nothing falls between, and nothing comes twice.
 */
export async function jobHistory(
  sources: HistorySources,
  jobId: string,
  tips: Readonly<Record<Kind, string>>,
): Promise<JobHistory> {
  const entries = [
    ...await statusHistory(sources, jobId, tips.status),
    ...await workflowHistory(sources, jobId, tips.workflow),
  ].sort((a, b) => compareEntryIds(a.id, b.id));
  return { tips, entries, bytes: entries.reduce((bytes, { data }) => bytes + 2 * data.length + 300, 0) };
}

/** Whether history that goes up to `tips` goes up to `wanted`. */
export function reaches(tips: JobHistory["tips"], wanted: JobHistory["tips"]): boolean {
  return compareEntryIds(tips.status, wanted.status) >= 0 &&
    compareEntryIds(tips.workflow, wanted.workflow) >= 0;
}

async function statusHistory(sources: HistorySources, jobId: string, tip: string): Promise<Entry[]> {
  const { sql, redis } = sources;
  const settled = await withOutage(
    "read progress",
    () => recordedUpTo(sql, shardOf(jobId, sources.numShards)),
  );
  const recorded = await withOutage("read statuses", () => listStatuses(sql, jobId));
  const entries = new Map(recorded.map(({ entryId, event }) => [entryId, statusEntry(entryId, event)]));
  for (const { id, event } of await outboxEntries<StatusEvent>(sources, jobId, "status")) {
    entries.set(id, statusEntry(id, event));
  }
  await redisCall("read the status stream", async () => {
    const range = { after: settled, until: tip };
    for await (const page of readRange(redis, sources.streamOf("status", jobId), range)) {
      for (const found of page) {
        const entry = entries.has(found.position) ? null : decodeEntry("status", found, jobId);
        if (entry) entries.set(entry.id, entry);
      }
    }
  });
  // What is told again, but not recorded again, is there under its first place already.
  const known = new Set(recorded.map(({ event }) => event.event_id));
  const stored = new Set(recorded.map(({ entryId }) => entryId));
  return [...entries.values()].filter(({ id, eventId }) =>
    compareEntryIds(id, tip) <= 0 && (stored.has(id) || !known.has(eventId))
  );
}

/** In the order in which they became true. One whose place is before an earlier one's is about to be sent again. */
async function workflowHistory(sources: HistorySources, jobId: string, tip: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  let last = FIRST_ENTRY_ID;
  for (const { id, event, number } of await outboxEntries<WorkflowEvent>(sources, jobId, "workflow")) {
    if (compareEntryIds(id, last) <= 0 || compareEntryIds(id, tip) > 0) continue;
    last = id;
    entries.push(entryOf("workflow", id, event, encodeWorkflowEvent(event), number));
  }
  return entries;
}

/** Merges log pages with the few other entries, all by entry id, which is the order in which they were written. */
export async function* merged(
  others: readonly Entry[],
  logs: AsyncIterable<Pick<LogPage, "entries" | "from">>,
): AsyncGenerator<Pick<LogPage, "entries" | "from">> {
  let next = 0;
  for await (const { entries, from } of logs) {
    const last = entries.at(-1)?.id;
    if (last === undefined) continue;
    const first = next;
    while (next < others.length && compareEntryIds(others[next]?.id ?? "", last) <= 0) next++;
    if (first === next) yield { entries, from };
    else {
      const both = [...entries, ...others.slice(first, next)];
      yield { entries: both.sort((a, b) => compareEntryIds(a.id, b.id)), from };
    }
  }
  if (next < others.length) yield { entries: others.slice(next), from: "store" };
}

/** Outbox rows that have gone out; one whose place is not noted yet is looked up where the relay remembers it. */
async function outboxEntries<E>(
  sources: HistorySources,
  jobId: string,
  stream: "status" | "workflow",
): Promise<{ id: string; event: E; number: number }[]> {
  const rows = await withOutage("read the outbox", () => listOutbox<E>(sources.sql, jobId, stream));
  const unnoted = rows.filter((row) => row.entryId === null).map((row) => row.id);
  const memo = unnoted.length === 0 ? [] : await redisCall(
    "look up what went out",
    () => sources.redis.hmget(publishedMemoKey(jobId), ...unnoted),
  );
  const places = new Map(unnoted.map((id, index) => [id, memo[index] ?? null]));
  return rows.flatMap((row, index) => {
    const id = row.entryId ?? places.get(row.id) ?? null;
    return id === null ? [] : [{ id, event: row.event, number: index + 1 }];
  });
}

/** A status from history also has its time under the reference's name for it (http.md). */
function statusEntry(id: string, event: StatusEvent): Entry {
  const data = `${encodeStatusEvent(event).slice(0, -1)},"updated_at":${JSON.stringify(event.timestamp)}}`;
  return entryOf("status", id, event, data);
}
