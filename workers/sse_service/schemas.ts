/**
 * What requests and answers look like (http.md): the one source of types, validation and `/openapi.json`.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { LogEvent } from "lib/event/log.ts";
import { Reason } from "lib/event/status.ts";
import { jobIdFault } from "lib/job/job_id.ts";

/** A path with a job id, checked at the border. */
export const JobPath = z.object({
  job_id: z.string().superRefine((id, context) => {
    const fault = jobIdFault(id);
    if (fault) context.addIssue({ code: "custom", message: fault });
  }).openapi({ param: { name: "job_id", in: "path" }, example: "chris-jid-42" }),
});

/** Every error's body. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  }),
}).openapi("Error");

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

/** Which page of a log. */
export const LogHistoryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  offset: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
});

/** One page of a job's log, oldest first. */
export const LogHistory = z.object({
  job_id: z.string(),
  total: z.int(),
  offset: z.int(),
  lines: z.array(LogEvent),
}).openapi("LogHistory");

/** Which of a job's events a stream carries. */
export const EventsPath = JobPath.extend({
  kind: z.enum(["status", "logs", "workflow", "all"]).openapi({ param: { name: "kind", in: "path" } }),
});

/** Where a stream resumes, for clients that cannot set the `Last-Event-ID` header. */
export const EventsQuery = z.object({ last_event_id: z.string().max(256).optional() });

const StreamMetrics = z.object({
  shards: z.array(z.object({
    stream: z.string(),
    xlen: z.int(),
    pending: z.int(),
    lag: z.int().nullable(),
    owner: z.string().nullable(),
  })),
  dlq_xlen: z.int(),
});

/** Depth of the streams. */
export const Metrics = z.object({ status: StreamMetrics, logs: StreamMetrics, clients: z.int() }).openapi(
  "Metrics",
);
