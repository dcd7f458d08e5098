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
import { listOutbox, publishedMemoField, publishedMemoKey } from "lib/store/outbox.ts";
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
  /** Ids of all its workflow events in the order in which they became true, also of those yet to be sent (again). */
  readonly workflowIds: readonly string[];
  /** Whether the workflow is over. */
  readonly over: boolean;
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
  const workflow = await workflowHistory(sources, jobId, tips.workflow);
  const statuses = await statusHistory(sources, jobId, tips.status);
  const entries = [...statuses, ...workflow.entries].sort((a, b) => compareEntryIds(a.id, b.id));
  const over = entries.findLast(({ kind }) => kind === "workflow")?.over ?? false;
  return {
    tips,
    entries,
    workflowIds: workflow.ids,
    over,
    bytes: entries.reduce((bytes, { data }) => bytes + 2 * data.length + 300, 0),
  };
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
  for (const { id, event } of await outboxRows<StatusEvent>(sources, jobId, "status")) {
    if (id !== null) entries.set(id, statusEntry(id, event));
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
  const wanted = [...entries.values()].filter(({ id, eventId }) => stored.has(id) || !known.has(eventId));
  return await withoutLive(sources, wanted, { stream: sources.streamOf("status", jobId), tip });
}

/** Without those that will come live: behind the tip, and in the stream still. What Redis lost will not. */
async function withoutLive(
  { redis }: HistorySources,
  entries: readonly Entry[],
  { stream, tip }: { stream: string; tip: string },
): Promise<Entry[]> {
  const live = new Set<string>();
  for (const { id } of entries) {
    if (compareEntryIds(id, tip) <= 0) continue;
    const found = await redisCall("look for an entry", () => redis.xrange(stream, id, id));
    if (found.length > 0) live.add(id);
  }
  return entries.filter(({ id }) => !live.has(id));
}

/**
 * In the order in which they became true. One whose place is before an earlier one's is about to be sent again. An end
 * that was followed by something else, as when the job was retried, is none any more, even if that is yet to be sent.
 */
async function workflowHistory(
  sources: HistorySources,
  jobId: string,
  tip: string,
): Promise<{ entries: Entry[]; ids: string[] }> {
  const rows = await outboxRows<WorkflowEvent>(sources, jobId, "workflow");
  const entries: Entry[] = [];
  let last = FIRST_ENTRY_ID;
  for (const [index, { id, event }] of rows.entries()) {
    if (id === null || compareEntryIds(id, last) <= 0) continue;
    last = id;
    const entry = entryOf("workflow", id, event, encodeWorkflowEvent(event));
    entries.push(index === rows.length - 1 ? entry : { ...entry, over: false });
  }
  const stream = sources.streamOf("workflow", jobId);
  return {
    entries: await withoutLive(sources, entries, { stream, tip }),
    ids: rows.map(({ event }) => event.event_id),
  };
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

/** Outbox rows, with their places if they went out; one that is not noted yet is where the relay remembers it. */
async function outboxRows<E extends StatusEvent | WorkflowEvent>(
  sources: HistorySources,
  jobId: string,
  stream: "status" | "workflow",
): Promise<{ id: string | null; event: E }[]> {
  const rows = await withOutage("read the outbox", () => listOutbox<E>(sources.sql, jobId, stream));
  const unnoted = rows.filter((row) => row.entryId === null).map(publishedMemoField);
  const memo = unnoted.length === 0 ? [] : await redisCall(
    "look up what went out",
    () => sources.redis.hmget(publishedMemoKey(jobId), ...unnoted),
  );
  const places = new Map(unnoted.map((field, index) => [field, memo[index] ?? null]));
  return rows.map((row) => ({
    id: row.entryId ?? places.get(publishedMemoField(row)) ?? null,
    event: row.event,
  }));
}

/** A status from history also has its time under the reference's name for it (http.md). */
function statusEntry(id: string, event: StatusEvent): Entry {
  const data = `${encodeStatusEvent(event).slice(0, -1)},"updated_at":${JSON.stringify(event.timestamp)}}`;
  return entryOf("status", id, event, data);
}
