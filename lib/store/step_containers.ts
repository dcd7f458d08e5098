/**
 * Which containers a job's steps have had. Names do not tell them apart: another attempt's container has the name of
 * the one before it, and what is known of that one says nothing about this one.
 *
 * @module
 */
import type { JobType } from "../event/status.ts";
import type { Sql } from "./open.ts";

/** The containers of one step, by the runtime's ids. */
export interface StepContainers {
  /** The newest of this attempt; null if none was told of, or only by a runtime's adapter that names no ids. */
  readonly current: string | null;
  /** All others that the step has had, in this attempt and before. */
  readonly earlier: readonly string[];
}

/** Whether it is recorded that a container of the step has started in this attempt. */
export async function isStartRecorded(sql: Sql, jobId: string, step: JobType): Promise<boolean> {
  const [row] = await sql`
    SELECT EXISTS (
      SELECT FROM job_status_history h LEFT JOIN job_workflow w ON w.job_id = h.job_id
      WHERE h.job_id = ${jobId} AND h.event ->> 'job_type' = ${step} AND h.event ->> 'status' = 'started'
        AND h.id > COALESCE(w.told_before, 0)) AS recorded`;
  return row?.recorded === true;
}

/** A step of whose containers nothing was told. */
export const NO_CONTAINERS: StepContainers = { current: null, earlier: [] };

/**
 * The containers of a job's steps, as far as states of them are recorded; a step without any is missing. The later
 * state counts as newer, not the one that was reported last: an old container may well be the last to report, that
 * it is gone. A container of which anything was recorded before this attempt began is none of this attempt's.
 */
export async function stepContainers(sql: Sql, jobId: string): Promise<Map<JobType, StepContainers>> {
  const rows = await sql`
    SELECT h.event ->> 'job_type' AS step, h.event ->> 'container_id' AS id,
      min(h.id) > COALESCE(min(w.told_before), 0) AS of_this_attempt
    FROM job_status_history h LEFT JOIN job_workflow w ON w.job_id = h.job_id
    WHERE h.job_id = ${jobId} AND h.event ->> 'container_id' IS NOT NULL
    GROUP BY h.event ->> 'job_type', h.event ->> 'container_id'
    ORDER BY max((h.event ->> 'timestamp')::timestamptz) DESC, max(h.id) DESC`;
  return new Map(
    [...Map.groupBy(rows, (row) => row.step as JobType)].map(([step, containers]) => {
      const current = containers.find((row) => row.of_this_attempt)?.id ?? null;
      const earlier = containers.map((row) => row.id).filter((id) => id !== current);
      return [step, { current, earlier }];
    }),
  );
}
