/**
 * The outbox (architecture.md §5.4): events that commit together with the state they tell of, and go out to the
 * streams afterwards, in order per job: a job's rows are written under its lock, so their numbers grow in the order in
 * which they commit. Published rows stay: they are the record of confirmations and workflow events.
 *
 * @module
 */
import type { StatusEvent } from "../event/status.ts";
import { activeTraceparent } from "../run/trace.ts";
import type { WorkflowEvent } from "../event/workflow.ts";
import { entryIdParts } from "../stream/entry_id.ts";
import type { Sql } from "./open.ts";
import { STANDSTILL_MS } from "./transaction.ts";

/** An event on its way out. */
export interface OutboxRow {
  /** Position in the outbox: grows with each commit of a job. Decimal digits. */
  readonly id: string;
  readonly jobId: string;
  readonly stream: "status" | "workflow";
  readonly event: StatusEvent | WorkflowEvent;
  /** The trace that led to it, if any. */
  readonly traceparent: string | null;
}

/** Adds an event, within the transaction that makes it true. */
export async function addToOutbox(
  sql: Sql,
  out: { stream: "status"; event: StatusEvent } | { stream: "workflow"; event: WorkflowEvent },
): Promise<void> {
  await sql`
    INSERT INTO job_outbox (job_id, stream, event, traceparent)
    VALUES (${out.event.job_id}, ${out.stream}, ${sql.json(out.event)}, ${activeTraceparent()})`;
}

/**
 * Lets a job's event go out once more, behind all of the job's others. Under an id of its own, as Redis remembers
 * the old one; until then it keeps the place that it had. Nothing happens if there is no such event.
 */
export async function sendAgain(sql: Sql, event: StatusEvent): Promise<void> {
  await sql`
    UPDATE job_outbox SET id = DEFAULT, published_at = NULL, publication = NULL
    WHERE job_id = ${event.job_id} AND event ->> 'event_id' = ${event.event_id}`;
}

/** Becomes the one relay at work until the transaction ends; false if another one is. */
export async function lockRelay(sql: Sql): Promise<boolean> {
  const [lock] = await sql`
    SELECT pg_try_advisory_xact_lock(hashtext('job_outbox relay')) AS taken,
      set_config('idle_in_transaction_session_timeout', ${String(STANDSTILL_MS)}, true)`;
  return lock?.taken === true;
}

/** Oldest unpublished rows. */
export async function listUnpublished(sql: Sql, limit: number): Promise<OutboxRow[]> {
  const rows = await sql`
    SELECT id::text, job_id, stream, event, traceparent FROM job_outbox
    WHERE published_at IS NULL ORDER BY job_outbox.id LIMIT ${limit}`;
  return rows.map(({ id, job_id: jobId, stream, event, traceparent }) => {
    return { id, jobId, stream, event, traceparent };
  });
}

/** Number of the last publication that was noted; "0" if there was none. */
export async function lastPublication(sql: Sql): Promise<string> {
  const [row] = await sql`SELECT publication::text FROM relay_progress`;
  return row?.publication ?? "0";
}

/** A number for the next publication, higher than all before. It is used up even if the transaction fails. */
export async function nextPublication(sql: Sql): Promise<string> {
  const [row] = await sql`SELECT nextval('relay_publication')::text AS publication`;
  return row?.publication;
}

/** Notes where rows went, by which publication; `entryIds` in the order of `rows`. */
export async function markPublished(
  sql: Sql,
  rows: readonly OutboxRow[],
  { entryIds, publication }: { entryIds: readonly string[]; publication: string },
): Promise<void> {
  const parts = entryIds.map(entryIdParts);
  await sql`
    UPDATE job_outbox SET published_at = now(), entry_ms = sent.ms, entry_seq = sent.seq,
      publication = ${publication}
    FROM unnest(${rows.map((row) => row.id)}::bigint[], ${parts.map(([ms]) => ms)}::bigint[],
      ${parts.map(([, seq]) => seq)}::bigint[]) AS sent(id, ms, seq)
    WHERE job_outbox.id = sent.id`;
  await noteProgress(sql, publication);
}

/**
 * Lets rows go out again that went out after a publication, at most `maxAgeMs` ago; returns how many. Until then
 * they keep the place that they had.
 */
export async function unpublishAfter(sql: Sql, publication: string, maxAgeMs: number): Promise<number> {
  const rows = await sql`
    UPDATE job_outbox SET published_at = NULL
    WHERE publication > ${publication} AND published_at > now() - ${maxAgeMs} * interval '1 millisecond'`;
  await noteProgress(sql, publication);
  return rows.count;
}

async function noteProgress(sql: Sql, publication: string): Promise<void> {
  await sql`
    INSERT INTO relay_progress (publication) VALUES (${publication})
    ON CONFLICT (single) DO UPDATE SET publication = excluded.publication`;
}

/** A row as readers see it; `entryId` is null until the relay has noted where it went. */
export interface OutboxRecord<E> {
  readonly id: string;
  readonly entryId: string | null;
  readonly event: E;
}

/** A job's rows for one stream, oldest first, whether they have gone out or not. */
export async function listOutbox<E>(
  sql: Sql,
  jobId: string,
  stream: "status" | "workflow",
): Promise<OutboxRecord<E>[]> {
  const rows = await sql`
    SELECT id::text, event, entry_ms || '-' || entry_seq AS entry_id
    FROM job_outbox WHERE job_id = ${jobId} AND stream = ${stream} ORDER BY job_outbox.id`;
  return rows.map((row) => ({ id: row.id, entryId: row.entry_id, event: row.event as E }));
}

/** The hash in which the relay remembers, with the publication itself, where each row of a job went. */
export function publishedMemoKey(jobId: string): string {
  return `chris:relay:published:${jobId}`;
}

/** The field of a row in that hash. A database restored from a copy gives its numbers again, to other events. */
export function publishedMemoField(
  { id, event }: { readonly id: string; readonly event: { readonly event_id: string } },
): string {
  return `${id} ${event.event_id}`;
}

/** Where Redis holds the number of the last publication. */
export const PUBLICATION_MARK_KEY = "chris:relay:publication";
