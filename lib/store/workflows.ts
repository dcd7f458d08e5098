/**
 * Workflows with their steps (tables `job_workflow`, `job_workflow_events`). What changes a step alone: `steps.ts`.
 *
 * @module
 */
import type { JSONValue, Row } from "postgres";
import { workflowEventId } from "../event/event_id.ts";
import type { JobType, Reason } from "../event/status.ts";
import { wireTimestampOf } from "../event/timestamp.ts";
import {
  WORKFLOW_STEPS,
  type WorkflowEvent,
  type WorkflowStatus,
  type WorkflowStep,
} from "../event/workflow.ts";
import type { StepOutcome, StepResult } from "../job/verdict.ts";
import type { Flow, Transition } from "../job/workflow.ts";
import type { Sql } from "./open.ts";
import { addToOutbox } from "./outbox.ts";
import { beginStep } from "./steps.ts";
import { storableText } from "./storable_text.ts";
import { STANDSTILL_MS } from "./transaction.ts";

/** A step as it is shown to people and looked at by tasks. */
export interface StepRecord {
  readonly step: JobType;
  /** Null while the step goes on. */
  readonly outcome: StepResult | null;
  readonly exitCode: number | null;
  readonly reason: Reason | null;
  readonly begunAt: Date;
  /** When pfcon accepted the order. */
  readonly orderedAt: Date | null;
  readonly endedAt: Date | null;
  /** Starts that pfcon or the runtime refused so far. */
  readonly startAttempts: number;
  /** Why the step does not get on at the moment. */
  readonly lastError: string | null;
  /** When pfcon was first told to stop its container, as the workflow is cancelled. */
  readonly stoppedAt: Date | null;
}

/** A workflow with its steps in their order. */
export interface WorkflowRecord {
  readonly jobId: string;
  readonly step: WorkflowStep;
  readonly status: WorkflowStatus;
  readonly params: JSONValue;
  /** Why cleanup waits, while it does. */
  readonly held: string | null;
  readonly error: string | null;
  /** 1, and one more with each retry. */
  readonly attempt: number;
  /** When somebody asked for this attempt to be cancelled, or null. Its status is `running` until that is done. */
  readonly cancelledAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly steps: readonly StepRecord[];
}

/** Serialises everything that changes a job's rows until the transaction ends. */
export async function lockJob(sql: Sql, jobId: string): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(hashtextextended(${jobId}, 0)),
      set_config('idle_in_transaction_session_timeout', ${String(STANDSTILL_MS)}, true)`;
}

/** Adds a workflow with its first step; false if there is one of this id already. */
export async function createWorkflow(
  sql: Sql,
  jobId: string,
  params: JSONValue,
  flow: Flow,
): Promise<boolean> {
  const rows = await sql`
    INSERT INTO job_workflow (job_id, current_step, status, params)
    VALUES (${jobId}, ${flow.step}, ${flow.status}, ${sql.json(params)})
    ON CONFLICT (job_id) DO NOTHING RETURNING 1`;
  if (rows.length === 0) return false;
  await beginStep(sql, jobId, flow.step);
  return true;
}

/** The workflow of a job, or null. */
export async function findWorkflow(sql: Sql, jobId: string): Promise<WorkflowRecord | null> {
  const [row] = await sql`
    SELECT job_id, current_step, status, params, held, error, attempt, cancelled_at, created_at, updated_at
    FROM job_workflow WHERE job_id = ${jobId}`;
  if (!row) return null;
  const steps = await sql`
    SELECT step, outcome, exit_code, reason, begun_at, ordered_at, ended_at, start_attempts, last_error, stopped_at
    FROM job_step WHERE job_id = ${jobId}`;
  return {
    jobId,
    step: row.current_step,
    status: row.status,
    params: row.params,
    held: row.held,
    error: row.error,
    attempt: row.attempt,
    cancelledAt: row.cancelled_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    steps: steps.map(stepRecord).sort((a, b) =>
      WORKFLOW_STEPS.indexOf(a.step) - WORKFLOW_STEPS.indexOf(b.step)
    ),
  };
}

/** A row of `job_step` or `job_past_step`. */
export function stepRecord(row: Row): StepRecord {
  return {
    step: row.step,
    outcome: row.outcome,
    exitCode: row.exit_code,
    reason: row.reason,
    begunAt: row.begun_at,
    orderedAt: row.ordered_at,
    endedAt: row.ended_at,
    startAttempts: row.start_attempts,
    lastError: row.last_error,
    stoppedAt: row.stopped_at,
  };
}

/** What `advance()` needs to know of a workflow. */
export function flowOf(workflow: WorkflowRecord): Flow {
  const outcomes = workflow.steps.flatMap((step): StepOutcome[] =>
    step.outcome === null ? [] : [{ step: step.step, result: step.outcome, error: step.reason?.text ?? null }]
  );
  const { step, status, attempt, cancelledAt } = workflow;
  return { step, status, outcomes, attempt, cancelling: cancelledAt !== null };
}

/** Moves the workflow to where `flow` says, within its attempt, and begins the step it stands at. */
export async function saveFlow(sql: Sql, jobId: string, flow: Flow, error: string | null): Promise<void> {
  await sql`
    UPDATE job_workflow SET current_step = ${flow.step}, status = ${flow.status}, held = NULL,
      error = COALESCE(${error}, error), updated_at = now()
    WHERE job_id = ${jobId}`;
  await beginStep(sql, jobId, flow.step);
}

/**
 * Records a transition of an attempt in the workflow's history and puts its event into the outbox. `at` is ms since
 * 1970.
 */
export async function recordTransition(
  sql: Sql,
  jobId: string,
  transition: Transition,
  at: number,
  attempt = 1,
): Promise<void> {
  const fact = {
    job_id: jobId,
    current_step: transition.step,
    current_step_status: transition.stepStatus,
    workflow_status: transition.status,
    error: transition.error,
    ...(attempt > 1 ? { attempt } : {}),
  };
  const event: WorkflowEvent = { event_id: workflowEventId(fact), ...fact, timestamp: wireTimestampOf(at) };
  await sql`
    INSERT INTO job_workflow_events
      (job_id, current_step, current_step_status, workflow_status, error, event_id, created_at)
    VALUES (${jobId}, ${event.current_step}, ${event.current_step_status}, ${event.workflow_status}, ${event.error},
      ${event.event_id}, ${event.timestamp}::text::timestamptz)
    ON CONFLICT (event_id) DO NOTHING`;
  await addToOutbox(sql, { stream: "workflow", event });
}

/** Says why cleanup waits. */
export async function holdCleanup(sql: Sql, jobId: string, why: string): Promise<void> {
  const held = storableText(why);
  await sql`
    UPDATE job_workflow SET held = ${held}
    WHERE job_id = ${jobId} AND current_step = 'cleanup' AND status = 'running' AND held IS DISTINCT FROM ${held}`;
}

/**
 * Running workflows whose next order may have been lost on its way: not ordered, being cancelled, or in cleanup, for
 * `olderThanMs`. Up to `limit` in the order of their ids, from behind `after` on.
 */
export async function findUnordered(
  sql: Sql,
  { olderThanMs, limit, after = "" }: { olderThanMs: number; limit: number; after?: string },
): Promise<{ jobId: string; step: WorkflowStep; cancelling: boolean }[]> {
  const rows = await sql`
    SELECT w.job_id, w.current_step, w.cancelled_at IS NOT NULL AS cancelling FROM job_workflow w
    LEFT JOIN job_step s ON s.job_id = w.job_id AND s.step = w.current_step
    WHERE w.status = 'running' AND w.updated_at < now() - ${olderThanMs} * interval '1 millisecond'
      AND (w.current_step = 'cleanup' OR s.ordered_at IS NULL
        OR w.cancelled_at IS NOT NULL AND w.current_step IN ('copy', 'plugin', 'upload'))
      AND w.job_id > ${after}
    ORDER BY w.job_id LIMIT ${limit}`;
  return rows.map((row) => ({ jobId: row.job_id, step: row.current_step, cancelling: row.cancelling }));
}
