/**
 * What people ask of a workflow while it lives or when it is over, and the attempts that come of it (tables
 * `job_control`, `job_past_step`).
 *
 * @module
 */
import type { StatusEvent } from "../event/status.ts";
import { WORKFLOW_STEPS, type WorkflowStep } from "../event/workflow.ts";
import type { Flow } from "../job/workflow.ts";
import type { Sql } from "./open.ts";
import { beginStep } from "./steps.ts";
import { storableText } from "./storable_text.ts";
import { type StepRecord, stepRecord } from "./workflows.ts";

/** Something that was asked, and took effect. */
export interface ControlRecord {
  readonly action: "cancel" | "retry";
  /** The attempt and step in which the workflow was found. */
  readonly attempt: number;
  readonly step: WorkflowStep;
  /** Who asked; null if nobody has to say who they are. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly at: Date;
}

/** Adds what was asked to the record of who did what. */
export async function recordControl(sql: Sql, jobId: string, asked: ControlRecord): Promise<void> {
  const { action, attempt, step, by, reason, at } = asked;
  await sql`
    INSERT INTO job_control (job_id, attempt, step, action, requested_by, reason, requested_at)
    VALUES (${jobId}, ${attempt}, ${step}, ${action}, ${by && storableText(by)}, ${
    reason && storableText(reason)
  }, ${at})`;
}

/** What was asked of a job, oldest first. */
export async function listControl(sql: Sql, jobId: string): Promise<ControlRecord[]> {
  const rows = await sql`
    SELECT action, attempt, step, requested_by, reason, requested_at FROM job_control
    WHERE job_id = ${jobId} ORDER BY id`;
  return rows.map((row) => ({
    action: row.action,
    attempt: row.attempt,
    step: row.step,
    by: row.requested_by,
    reason: row.reason,
    at: row.requested_at,
  }));
}

/** The workflow is to be cancelled: from now on its steps are stopped instead of ordered. */
export async function markCancelled(sql: Sql, jobId: string, at: Date): Promise<void> {
  await sql`UPDATE job_workflow SET cancelled_at = ${at} WHERE job_id = ${jobId}`;
}

/**
 * Begins another attempt where `flow` says: the steps so far become past ones, and whatever is known of containers now
 * is of earlier attempts.
 */
export async function beginAttempt(sql: Sql, jobId: string, flow: Flow): Promise<void> {
  await sql`
    INSERT INTO job_past_step (job_id, attempt, step, outcome, exit_code, reason, begun_at, ordered_at, ended_at,
      start_attempts, last_error, stopped_at)
    SELECT job_id, ${flow.attempt - 1}::int, step, outcome, exit_code, reason, begun_at, ordered_at, ended_at,
      start_attempts, last_error, stopped_at
    FROM job_step WHERE job_id = ${jobId}`;
  await sql`DELETE FROM job_step WHERE job_id = ${jobId}`;
  await sql`
    UPDATE job_workflow SET current_step = ${flow.step}, status = ${flow.status}, attempt = ${flow.attempt},
      cancelled_at = NULL, held = NULL, error = NULL, updated_at = now(),
      told_before = (SELECT max(id) FROM job_status_history WHERE job_id = ${jobId})
    WHERE job_id = ${jobId}`;
  await beginStep(sql, jobId, flow.step);
}

/** The attempt that is under way, or was the last; null if there is no such workflow. */
export async function attemptOf(sql: Sql, jobId: string): Promise<number | null> {
  const [row] = await sql`SELECT attempt FROM job_workflow WHERE job_id = ${jobId}`;
  return row?.attempt ?? null;
}

/** Steps of attempts before the last, in their order. */
export async function listPastSteps(
  sql: Sql,
  jobId: string,
): Promise<{ attempt: number; steps: StepRecord[] }[]> {
  const rows = await sql`SELECT * FROM job_past_step WHERE job_id = ${jobId} ORDER BY attempt`;
  const attempts = new Map<number, StepRecord[]>();
  for (const row of rows) {
    attempts.set(row.attempt, [...attempts.get(row.attempt) ?? [], stepRecord(row)]);
  }
  return [...attempts].map(([attempt, steps]) => ({
    attempt,
    steps: steps.sort((a, b) => WORKFLOW_STEPS.indexOf(a.step) - WORKFLOW_STEPS.indexOf(b.step)),
  }));
}

/**
 * Whether the event is of a container of an earlier attempt than the workflow's present one: it was heard of before
 * that began, or, where the event names no container, nothing later than what was heard of then.
 */
export async function isOfEarlierAttempt(sql: Sql, event: StatusEvent): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM job_workflow w JOIN job_status_history h ON h.job_id = w.job_id AND h.id <= w.told_before
    WHERE w.job_id = ${event.job_id} AND h.event ->> 'job_type' = ${event.job_type}
      AND CASE WHEN ${event.container_id ?? null}::text IS NULL
        THEN (h.event ->> 'timestamp')::timestamptz >= ${event.timestamp}::text::timestamptz
        ELSE h.event ->> 'container_id' = ${event.container_id ?? null} END
    LIMIT 1`;
  return rows.length > 0;
}
