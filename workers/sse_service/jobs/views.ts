/**
 * Records as the REST API shows them. Pure.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import type { StatusEvent } from "lib/event/status.ts";
import type { JobPage, ListedJob } from "lib/store/job_list.ts";
import type { StoredStatus } from "lib/store/status_history.ts";
import type { StepRecord, WorkflowRecord } from "lib/store/workflows.ts";
import { listCursor } from "./list_cursor.ts";
import type { JobList, ListedJobView, StatusView, StepView, WorkflowView } from "./schemas.ts";

/** A workflow with its steps. */
export function workflowView(workflow: WorkflowRecord): z.infer<typeof WorkflowView> {
  return {
    job_id: workflow.jobId,
    current_step: workflow.step,
    status: workflow.status,
    created_at: workflow.createdAt.toISOString(),
    updated_at: workflow.updatedAt.toISOString(),
    error: workflow.error,
    held: workflow.held,
    attempt: workflow.attempt,
    cancelling: workflow.cancelledAt !== null && workflow.status === "running",
    steps: workflow.steps.map(stepView),
  };
}

/** A page of the list of jobs. */
export function jobListView({ jobs, next }: JobPage): z.infer<typeof JobList> {
  return { jobs: jobs.map(listedJobView), next: next && listCursor(next) };
}

function listedJobView(job: ListedJob): z.infer<typeof ListedJobView> {
  return {
    job_id: job.jobId,
    status: job.status,
    current_step: job.step,
    held: job.held,
    error: job.error,
    created_at: job.createdAt.toISOString(),
    updated_at: job.updatedAt.toISOString(),
    image: job.image,
  };
}

function stepView(step: StepRecord): z.infer<typeof StepView> {
  return {
    step: step.step,
    status: step.outcome ?? "started",
    started_at: step.begunAt.toISOString(),
    ended_at: step.endedAt?.toISOString() ?? null,
    duration_ms: step.endedAt ? Math.max(0, step.endedAt.getTime() - step.begunAt.getTime()) : null,
    exit_code: step.exitCode,
    reason: step.reason,
    waiting_for: step.lastError,
  };
}

/** Statuses oldest first; with `latest` only the newest of each step, as the reference answers. */
export function statusViews(stored: readonly StoredStatus[], latest: boolean): z.infer<typeof StatusView>[] {
  const events = stored.map(({ event }) => event);
  if (!latest) return events.map(statusView);
  const newest = new Map(events.map((event) => [event.job_type, event]));
  return events.filter((event) => newest.get(event.job_type) === event).map(statusView);
}

function statusView(event: StatusEvent): z.infer<typeof StatusView> {
  const { job_id, job_type, status, image, cmd, message, exit_code, source, event_id, timestamp, reason } =
    event;
  return {
    job_id,
    job_type,
    status,
    image,
    cmd,
    message,
    exit_code,
    source,
    event_id,
    updated_at: timestamp,
    reason: reason ?? null,
  };
}
