/**
 * Jobs in requests and answers (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { Reason } from "lib/event/status.ts";
import { ErrorBody } from "../http/schemas.ts";

/** Answer to an accepted job. */
export const Submitted = z.object({
  job_id: z.string(),
  status: z.enum(["submitted", "already_submitted"]),
}).openapi("Submitted");

/** A step of a workflow. Times are RFC 3339. */
export const StepView = z.object({
  step: z.string(),
  status: z.string(),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  duration_ms: z.number().nullable(),
  exit_code: z.int().nullable(),
  reason: Reason.nullable(),
  waiting_for: z.string().nullable(),
});

/** A workflow. */
export const WorkflowView = z.object({
  job_id: z.string(),
  current_step: z.string(),
  status: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  error: z.string().nullable(),
  held: z.string().nullable(),
  steps: z.array(StepView),
}).openapi("Workflow");

/** Answer about a workflow that is not known: the reference's fields beside the error. */
export const WorkflowNotFound = ErrorBody.extend({ job_id: z.string(), status: z.literal("not_found") });

/** One status of a job's history. */
export const StatusView = z.object({
  job_id: z.string(),
  job_type: z.string(),
  status: z.string(),
  image: z.string(),
  cmd: z.string(),
  message: z.string(),
  exit_code: z.int().nullable(),
  source: z.string(),
  event_id: z.string(),
  updated_at: z.string(),
  reason: Reason.nullable(),
});

/** A job's statuses, oldest first. */
export const StatusHistory = z.object({ job_id: z.string(), statuses: z.array(StatusView) }).openapi(
  "StatusHistory",
);

/** `?latest=true`: one status per step. */
export const StatusHistoryQuery = z.object({ latest: z.enum(["true", "false"]).default("false") });
