/**
 * Changes of single steps (table `job_step`). A step that has ended stays as it is.
 *
 * @module
 */
import type { JobType, Reason } from "../event/status.ts";
import type { WorkflowStep } from "../event/workflow.ts";
import type { StepResult } from "../job/verdict.ts";
import type { Sql } from "./open.ts";
import { storableText } from "./storable_text.ts";

/** A step of a job. */
export interface StepTarget {
  readonly jobId: string;
  readonly step: JobType;
  /**
   * The attempt at the job in which it was looked at. A worker may be paused after that for as long as the next attempt
   * takes to come to the same step; what it saw then says nothing about that one. Missing: whichever attempt it is.
   */
  readonly attempt?: number | undefined;
}

/** Begins a step, unless it has begun. What follows the last step is no step of its own. */
export async function beginStep(sql: Sql, jobId: string, step: WorkflowStep): Promise<void> {
  if (step === "cleanup" || step === "completed") return;
  await sql`INSERT INTO job_step (job_id, step) VALUES (${jobId}, ${step}) ON CONFLICT DO NOTHING`;
}

/** Notes how a step ended. */
export async function endStep(
  sql: Sql,
  jobId: string,
  end: { step: JobType; outcome: StepResult; exitCode: number | null; reason: Reason | null; at: Date },
): Promise<void> {
  await sql`
    UPDATE job_step SET outcome = ${end.outcome}, exit_code = ${end.exitCode}, ended_at = ${end.at},
      reason = ${end.reason === null ? null : sql.json(end.reason)}, last_error = NULL
    WHERE job_id = ${jobId} AND step = ${end.step}`;
}

/** pfcon has accepted the order of a step. */
export async function markOrdered(sql: Sql, jobId: string, step: JobType): Promise<void> {
  await sql`
    UPDATE job_step SET ordered_at = COALESCE(ordered_at, now()), last_error = NULL, conflict_since = NULL
    WHERE job_id = ${jobId} AND step = ${step}`;
}

/** Counts a refused start and says why; returns how many there were. */
export async function countStartAttempt(sql: Sql, step: StepTarget, why: string): Promise<number> {
  const [row] = await sql`
    UPDATE job_step SET start_attempts = start_attempts + 1, last_error = ${storableText(why)},
      conflict_since = NULL
    WHERE ${isThat(sql, step)} AND outcome IS NULL RETURNING start_attempts`;
  return row?.start_attempts ?? 0;
}

/** Says why a step does not get on at the moment. */
export async function noteStepError(sql: Sql, step: StepTarget, why: string): Promise<void> {
  await sql`
    UPDATE job_step SET last_error = ${storableText(why)}, conflict_since = NULL
    WHERE ${isThat(sql, step)} AND outcome IS NULL`;
}

/** Says that pfcon finds the step not possible yet; returns how long it has said nothing else (ms). */
export async function noteConflict(sql: Sql, step: StepTarget, why: string): Promise<number> {
  const [row] = await sql`
    UPDATE job_step SET last_error = ${storableText(why)}, conflict_since = COALESCE(conflict_since, now())
    WHERE ${isThat(sql, step)} AND outcome IS NULL
    RETURNING extract(epoch FROM now() - conflict_since)::float8 * 1000 AS lasted_ms`;
  return row?.lasted_ms ?? 0;
}

/** pfcon is told to stop the step's container, or has been: the first time counts. Returns how long that is ago (ms). */
export async function markStopped(sql: Sql, step: StepTarget): Promise<number> {
  const [row] = await sql`
    UPDATE job_step SET stopped_at = COALESCE(stopped_at, now()), last_error = NULL
    WHERE ${isThat(sql, step)}
    RETURNING extract(epoch FROM now() - stopped_at)::float8 * 1000 AS stopped_ms`;
  return row?.stopped_ms ?? 0;
}

/**
 * The order has come to nothing, which counts as a refused start: the step is to be ordered again. False if there is
 * no such step any more.
 */
export async function withdrawOrder(sql: Sql, step: StepTarget, why: string): Promise<boolean> {
  const rows = await sql`
    UPDATE job_step SET ordered_at = NULL, start_attempts = start_attempts + 1, last_error = ${
    storableText(why)
  }
    WHERE ${isThat(sql, step)} AND outcome IS NULL RETURNING 1`;
  return rows.length > 0;
}

/** The step's row, unless another attempt has begun. */
function isThat(sql: Sql, { jobId, step, attempt }: StepTarget) {
  return sql`job_id = ${jobId} AND step = ${step} AND EXISTS (
    SELECT FROM job_workflow w
    WHERE w.job_id = job_step.job_id AND w.attempt = COALESCE(${attempt ?? null}::int, w.attempt))`;
}

/**
 * Takes up to `limit` steps that have not ended and were ordered, or last asked about, `silentMs` ago, and notes that
 * they are being asked about now.
 */
export async function takeSilentSteps(
  sql: Sql,
  { silentMs, limit }: { silentMs: number; limit: number },
): Promise<{ jobId: string; step: JobType; attempt: number }[]> {
  const rows = await sql`
    UPDATE job_step SET checked_at = now()
    FROM (
      SELECT s.job_id, s.step, w.attempt FROM job_step s JOIN job_workflow w ON w.job_id = s.job_id AND w.current_step = s.step
      WHERE w.status = 'running' AND s.outcome IS NULL
        AND GREATEST(s.ordered_at, s.checked_at) < now() - ${silentMs} * interval '1 millisecond'
        AND s.ordered_at IS NOT NULL
      ORDER BY s.ordered_at LIMIT ${limit} FOR UPDATE OF s SKIP LOCKED
    ) AS silent
    WHERE job_step.job_id = silent.job_id AND job_step.step = silent.step
    RETURNING job_step.job_id, job_step.step, silent.attempt`;
  return rows.map((row) => ({ jobId: row.job_id, step: row.step, attempt: row.attempt }));
}
