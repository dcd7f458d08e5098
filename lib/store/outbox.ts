/**
 * The outbox (architecture.md §5.4): events that commit together with the state they tell of, and go out to the
 * streams afterwards, in order per job. Published rows stay: they are the record of confirmations and workflow
 * events.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { StatusEvent } from "../event/status.ts";
import type { WorkflowEvent } from "../event/workflow.ts";
import { entryIdParts, FIRST_ENTRY_ID } from "../stream/entry_id.ts";

/** An event on its way out. */
export interface OutboxRow {
  /** Position in the outbox: grows with each commit of a job. Decimal digits. */
  readonly id: string;
  readonly jobId: string;
  readonly stream: "status" | "workflow";
  readonly event: StatusEvent | WorkflowEvent;
}

/** An event that has gone out, with the stream entry it became. */
export interface PublishedEvent<E> {
  readonly entryId: string;
  readonly event: E;
}

/** Adds an event; `after` is the status entry that led to it, if one did. */
export async function addToOutbox(
  sql: Sql,
  out: { stream: "status"; event: StatusEvent } | { stream: "workflow"; event: WorkflowEvent },
  after: string = FIRST_ENTRY_ID,
): Promise<void> {
  const [ms, seq] = entryIdParts(after);
  await sql`
    INSERT INTO job_outbox (job_id, stream, event, after_ms, after_seq)
    VALUES (${out.event.job_id}, ${out.stream}, ${sql.json(out.event)}, ${ms}, ${seq})`;
}

/**
 * Oldest unpublished rows, for the one relay that holds the lock until its transaction ends; null if another
 * relay holds it.
 */
export async function lockUnpublished(sql: Sql, limit: number): Promise<OutboxRow[] | null> {
  const [lock] = await sql`SELECT pg_try_advisory_xact_lock(hashtext('job_outbox relay')) AS taken`;
  if (!lock?.taken) return null;
  const rows = await sql`
    SELECT id::text, job_id, stream, event FROM job_outbox
    WHERE published_at IS NULL ORDER BY id LIMIT ${limit}`;
  return rows.map((row) => ({ id: row.id, jobId: row.job_id, stream: row.stream, event: row.event }));
}

/** Notes where rows went; `entryIds` in the order of `rows`. */
export async function markPublished(sql: Sql, rows: readonly OutboxRow[], entryIds: readonly string[]): Promise<void> {
  const parts = entryIds.map(entryIdParts);
  await sql`
    UPDATE job_outbox SET published_at = now(), entry_ms = sent.ms, entry_seq = sent.seq
    FROM unnest(${rows.map((row) => row.id)}::bigint[], ${parts.map(([ms]) => ms)}::bigint[],
      ${parts.map(([, seq]) => seq)}::bigint[]) AS sent(id, ms, seq)
    WHERE job_outbox.id = sent.id`;
}

/**
 * What has gone out for a job to one stream, oldest first, and the entry id up to which this and the recorded
 * statuses are complete: an unpublished row goes out some time after the entry that led to it. `completeUpTo` is
 * null if nothing is under way.
 */
export async function listPublished<E>(
  sql: Sql,
  jobId: string,
  stream: "status" | "workflow",
): Promise<{ events: PublishedEvent<E>[]; completeUpTo: string | null }> {
  const rows = await sql`
    SELECT event, published_at IS NOT NULL AS published, entry_ms || '-' || entry_seq AS entry_id,
      after_ms || '-' || after_seq AS after_id
    FROM job_outbox WHERE job_id = ${jobId} AND stream = ${stream} ORDER BY id`;
  const pending = rows.findIndex((row) => !row.published);
  const sent = pending < 0 ? rows : rows.slice(0, pending);
  return {
    events: sent.map((row) => ({ entryId: row.entry_id, event: row.event as E })),
    completeUpTo: pending < 0 ? null : rows[pending]?.after_id ?? FIRST_ENTRY_ID,
  };
}
