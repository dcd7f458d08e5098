/**
 * Every state of every container, once, in the order of the stream (table `job_status_history`), and the newest
 * one of each container (table `job_status`, as the reference keeps it).
 *
 * @module
 */
import { type JobType, StatusEvent } from "../event/status.ts";
import { entryIdParts } from "../stream/entry_id.ts";
import type { Sql } from "./open.ts";

/** A status event with the stream entry it came from. */
export interface StoredStatus {
  readonly entryId: string;
  /** The id that the entry had at first, if it was put back from the dead letters: its place in the history. */
  readonly requeuedFrom?: string | undefined;
  readonly event: StatusEvent;
}

/** Order in which the states of one container follow each other. */
const RANK: Readonly<Record<string, number>> = {
  notStarted: 0,
  started: 1,
  undefined: 2,
  finishedWithError: 3,
  finishedSuccessfully: 3,
};

/**
 * A runtime may date the end of a short process before its start, which it notes late if it is busy: seen by 0.7 ms, and
 * by 1.6 s on a machine that was kept from working (Docker Engine 20.10).
 */
const MISDATED_BY_MS = 10_000;

/** Adds an event to the history; false if it was there already. */
export async function insertStatus(
  sql: Sql,
  { event, entryId, requeuedFrom }: StoredStatus,
): Promise<boolean> {
  const [ms, seq] = entryIdParts(requeuedFrom ?? entryId);
  const rows = await sql`
    INSERT INTO job_status_history (job_id, event_id, event, entry_ms, entry_seq)
    VALUES (${event.job_id}, ${event.event_id}, ${sql.json(event)}, ${ms}, ${seq})
    ON CONFLICT (event_id) DO NOTHING RETURNING 1`;
  return rows.length > 0;
}

/**
 * Gives an event of the history the place of its repetition, if states that its container was in before stand
 * behind it; true if that was so. It got there ahead of them when Redis lost them unrecorded while it was in hand.
 * They are told again, and then it is, too. A place only ever moves on to where the stream tells the event again, so
 * whoever reads on from a place misses nothing.
 */
export async function moveBehindEarlier(
  sql: Sql,
  { event, entryId, requeuedFrom }: StoredStatus,
): Promise<boolean> {
  const [ms, seq] = entryIdParts(requeuedFrom ?? entryId);
  const earlier = event.status === "started" ? ["notStarted"] : ["notStarted", "started"];
  const rows = await sql`
    UPDATE job_status_history AS told SET entry_ms = ${ms}, entry_seq = ${seq}
    WHERE told.event_id = ${event.event_id} AND ${event.status} <> 'notStarted' AND EXISTS (
      SELECT 1 FROM job_status_history AS before
      WHERE before.job_id = told.job_id AND before.event ->> 'job_type' = told.event ->> 'job_type'
        AND before.event ->> 'container_id' = told.event ->> 'container_id'
        AND before.event ->> 'status' = ANY(${earlier}::text[])
        AND (before.event ->> 'timestamp')::timestamptz
          <= ${event.timestamp}::text::timestamptz + ${MISDATED_BY_MS} * interval '1 millisecond'
        AND (before.entry_ms, before.entry_seq) > (told.entry_ms, told.entry_seq)
        AND (before.entry_ms, before.entry_seq) < (${ms}::bigint, ${seq}::bigint))
    RETURNING 1`;
  return rows.length > 0;
}

/**
 * Whether the event says that a container is gone without anybody having seen its end, while its end is recorded.
 * Who tells so has been misled by a Redis that went back in time. Of a container that was started again after the
 * recorded end it is true, and of one without an id nobody can say.
 */
export async function isRefuted(sql: Sql, event: StatusEvent): Promise<boolean> {
  if (event.status !== "undefined" || !event.container_id) return false;
  const rows = await sql`
    SELECT 1 FROM job_status_history
    WHERE job_id = ${event.job_id} AND event_id <> ${event.event_id}
      AND event ->> 'job_type' = ${event.job_type} AND event ->> 'container_id' = ${event.container_id}
      AND event ->> 'status' IN ('finishedSuccessfully', 'finishedWithError', 'undefined')
      AND (event ->> 'timestamp')::timestamptz
        >= ${event.timestamp}::text::timestamptz - ${MISDATED_BY_MS} * interval '1 millisecond'
    LIMIT 1`;
  return rows.length > 0;
}

/**
 * Makes the event its step's current status, unless a newer one is known. Of two states of one container that lie
 * within seconds the one further on in life is newer, whatever their times say. Otherwise, and always between
 * two containers of the same name, the later time counts.
 */
export async function upsertCurrentStatus(sql: Sql, event: StatusEvent): Promise<void> {
  await sql`
    INSERT INTO job_status AS known
      (job_id, job_type, status, image, cmd, message, exit_code, source, event_id, updated_at, container_id)
    VALUES (${event.job_id}, ${event.job_type}, ${event.status}, ${event.image}, ${event.cmd}, ${event.message},
      ${event.exit_code}, ${event.source}, ${event.event_id}, ${event.timestamp}::text::timestamptz,
      ${event.container_id ?? null})
    ON CONFLICT (job_id, job_type) DO UPDATE SET
      status = excluded.status, image = excluded.image, cmd = excluded.cmd, message = excluded.message,
      exit_code = excluded.exit_code, source = excluded.source, event_id = excluded.event_id,
      updated_at = excluded.updated_at, container_id = excluded.container_id
    WHERE CASE
      WHEN known.container_id IS NOT DISTINCT FROM excluded.container_id
        AND abs(extract(epoch FROM excluded.updated_at - known.updated_at)) * 1000 <= ${MISDATED_BY_MS}
      THEN (${RANK[event.status] ?? 0}, excluded.updated_at)
        > (COALESCE((${sql.json({ ...RANK })}::jsonb ->> known.status)::int, 0), known.updated_at)
      ELSE excluded.updated_at > known.updated_at
    END`;
}

/** All recorded states of a job, oldest first. */
export async function listStatuses(sql: Sql, jobId: string): Promise<StoredStatus[]> {
  const rows = await sql`
    SELECT event, entry_ms || '-' || entry_seq AS entry_id FROM job_status_history
    WHERE job_id = ${jobId} ORDER BY entry_ms, entry_seq`;
  return rows.map((row) => ({ entryId: row.entry_id, event: StatusEvent.parse(row.event) }));
}

/**
 * The last recorded end of a step's container, or null. That a container vanished before it ever started is no
 * end: it never did anything.
 */
export async function lastEnd(sql: Sql, jobId: string, step: JobType): Promise<StatusEvent | null> {
  const [row] = await sql`
    SELECT event FROM job_status_history
    WHERE job_id = ${jobId} AND event ->> 'job_type' = ${step}
      AND (event ->> 'status' IN ('finishedSuccessfully', 'finishedWithError')
        OR event ->> 'status' = 'undefined' AND event ->> 'previous_status' IS DISTINCT FROM 'notStarted')
    ORDER BY (event ->> 'timestamp')::timestamptz DESC, entry_ms DESC, entry_seq DESC LIMIT 1`;
  return row ? StatusEvent.parse(row.event) : null;
}
