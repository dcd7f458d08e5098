/**
 * Every state of every container, once, in the order of the stream (table `job_status_history`), and the newest
 * one of each container (table `job_status`, as the reference keeps it).
 *
 * @module
 */
import { StatusEvent } from "../event/status.ts";
import { entryIdParts } from "../stream/entry_id.ts";
import type { Sql } from "./open.ts";

/** A status event with the stream entry it came from. */
export interface StoredStatus {
  readonly entryId: string;
  readonly event: StatusEvent;
}

/** Order in which states may follow each other within one microsecond. */
const RANK: Readonly<Record<string, number>> = {
  notStarted: 0,
  started: 1,
  undefined: 2,
  finishedWithError: 3,
  finishedSuccessfully: 3,
};

/** Adds an event to the history; false if it was there already. */
export async function insertStatus(sql: Sql, { event, entryId }: StoredStatus): Promise<boolean> {
  const [ms, seq] = entryIdParts(entryId);
  const rows = await sql`
    INSERT INTO job_status_history (job_id, event_id, event, entry_ms, entry_seq)
    VALUES (${event.job_id}, ${event.event_id}, ${sql.json(event)}, ${ms}, ${seq})
    ON CONFLICT (event_id) DO NOTHING RETURNING 1`;
  return rows.length > 0;
}

/** Makes the event the container's current status, unless a newer one is known. */
export async function upsertCurrentStatus(sql: Sql, event: StatusEvent): Promise<void> {
  await sql`
    INSERT INTO job_status AS known
      (job_id, job_type, status, image, cmd, message, exit_code, source, event_id, updated_at)
    VALUES (${event.job_id}, ${event.job_type}, ${event.status}, ${event.image}, ${event.cmd}, ${event.message},
      ${event.exit_code}, ${event.source}, ${event.event_id}, ${event.timestamp}::text::timestamptz)
    ON CONFLICT (job_id, job_type) DO UPDATE SET
      status = excluded.status, image = excluded.image, cmd = excluded.cmd, message = excluded.message,
      exit_code = excluded.exit_code, source = excluded.source, event_id = excluded.event_id,
      updated_at = excluded.updated_at
    WHERE excluded.updated_at > known.updated_at
      OR (excluded.updated_at = known.updated_at
        AND ${RANK[event.status] ?? 0} > (${sql.json({ ...RANK })}::jsonb ->> known.status)::int)`;
}

/** All recorded states of a job, oldest first. */
export async function listStatuses(sql: Sql, jobId: string): Promise<StoredStatus[]> {
  const rows = await sql`
    SELECT event, entry_ms || '-' || entry_seq AS entry_id FROM job_status_history
    WHERE job_id = ${jobId} ORDER BY entry_ms, entry_seq`;
  return rows.map((row) => ({ entryId: row.entry_id, event: StatusEvent.parse(row.event) }));
}

/** Ids of the containers that reported states of this job, by step: the newest container of each. */
export async function containerIds(sql: Sql, jobId: string): Promise<Map<string, string | null>> {
  const rows = await sql`
    SELECT DISTINCT ON (event ->> 'job_type') event ->> 'job_type' AS step, event ->> 'container_id' AS id
    FROM job_status_history WHERE job_id = ${jobId}
    ORDER BY event ->> 'job_type', entry_ms DESC, entry_seq DESC`;
  return new Map(rows.map((row) => [row.step, row.id ?? null]));
}
