/**
 * Jobs in requests and answers (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { Reason } from "lib/event/status.ts";
import { WorkflowStatus, WorkflowStep } from "lib/event/workflow.ts";
import { listOf, searchedText, wholeNumber } from "../http/query_fields.ts";
import { ErrorBody } from "../http/schemas.ts";
import { placeOf } from "./list_cursor.ts";

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
  attempt: z.int().describe("From 1; each retry begins another, of which `steps` are."),
  cancelling: z.boolean().describe("Somebody asked for it to be cancelled, and that is not done yet."),
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

/** Which page of the list of jobs. */
export const JobListQuery = z.strictObject({
  status: listOf(WorkflowStatus.options).openapi({
    description: "Only workflows in one of these states.",
    example: ["running"],
  }),
  q: searchedText.openapi({
    description:
      "Only jobs with this text in their id or image, in any case; no character means anything else.",
    example: "chris-jid",
  }),
  after: z.string().max(2_048).transform((cursor, context) => {
    const place = placeOf(cursor);
    if (place || cursor === "") return place ?? undefined;
    context.addIssue({ code: "custom", message: "expected what `next` of an earlier page says" });
    return z.NEVER;
  }).optional().openapi({ type: "string", description: "`next` of the page before." }),
  limit: wholeNumber({ min: 1, max: 500, fallback: 50 }).openapi({ description: "Most jobs of the page." }),
});

/** A job in a list. */
export const ListedJobView = z.object({
  job_id: z.string(),
  status: WorkflowStatus,
  current_step: WorkflowStep,
  held: z.string().nullable().openapi({ description: "Why its cleanup waits, while it does." }),
  error: z.string().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  image: z.string().nullable(),
}).openapi("ListedJob");

/** A page of the list of jobs. */
export const JobList = z.object({
  jobs: z.array(ListedJobView),
  next: z.string().nullable().openapi({
    description:
      "Where the next page begins; null at the end of the list. A search may give a short page, even " +
      "an empty one, and yet not have come to the end: only `next` tells.",
  }),
}).openapi("JobList", {
  example: {
    jobs: [{
      job_id: "chris-jid-42",
      status: "running",
      current_step: "plugin",
      held: null,
      error: null,
      created_at: "2026-01-15T12:00:00.000Z",
      updated_at: "2026-01-15T12:00:07.250Z",
      image: "ghcr.io/fnndsc/pl-simpledsapp:2.1.0",
    }],
    next: "MTc2ODQ3ODQwMDAwMDAwMC5jaHJpcy1qaWQtNDI",
  },
});
