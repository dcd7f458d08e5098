/**
 * The outbox (architecture.md §5.4): events that commit together with the state they tell of, and go out to the
 * streams afterwards, in order per job. Published rows stay: they are the record of confirmations and workflow
 * events.
 *
 * @module
 */
import type { StatusEvent } from "../event/status.ts";
import type { WorkflowEvent } from "../event/workflow.ts";
import { entryIdParts } from "../stream/entry_id.ts";
import type { Sql } from "./open.ts";

/** An event on its way out. */
export interface OutboxRow {
  /** Position in the outbox: grows with each commit of a job. Decimal digits. */
  readonly id: string;
  readonly jobId: string;
  readonly stream: "status" | "workflow";
  readonly event: StatusEvent | WorkflowEvent;
}

/** Adds an event, within the transaction that makes it true. */
export async function addToOutbox(
  sql: Sql,
  out: { stream: "status"; event: StatusEvent } | { stream: "workflow"; event: WorkflowEvent },
): Promise<void> {
  await sql`
    INSERT INTO job_outbox (job_id, stream, event)
    VALUES (${out.event.job_id}, ${out.stream}, ${sql.json(out.event)})`;
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
    WHERE published_at IS NULL ORDER BY job_outbox.id LIMIT ${limit}`;
  return rows.map((row) => ({ id: row.id, jobId: row.job_id, stream: row.stream, event: row.event }));
}

/** Notes where rows went; `entryIds` in the order of `rows`. */
export async function markPublished(
  sql: Sql,
  rows: readonly OutboxRow[],
  entryIds: readonly string[],
): Promise<void> {
  const parts = entryIds.map(entryIdParts);
  await sql`
    UPDATE job_outbox SET published_at = now(), entry_ms = sent.ms, entry_seq = sent.seq
    FROM unnest(${rows.map((row) => row.id)}::bigint[], ${parts.map(([ms]) => ms)}::bigint[],
      ${parts.map(([, seq]) => seq)}::bigint[]) AS sent(id, ms, seq)
    WHERE job_outbox.id = sent.id`;
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
