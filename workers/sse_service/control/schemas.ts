/**
 * Cancelling and retrying in requests and answers (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { WorkflowStatus } from "lib/event/workflow.ts";
import { ErrorBody } from "../http/schemas.ts";
import { StepView } from "../jobs/schemas.ts";

const reason = z.string().max(1_000).nullable().default(null).openapi({
  description: "Why, in your own words; the job's history shows it.",
  example: "wrong input",
});

/** What may be said with a request to cancel; the body may be left out. */
export const CancelRequest = z.strictObject({ reason }).openapi("CancelRequest");

/** What may be said with a request to retry; the body may be left out. */
export const RetryRequest = z.strictObject({
  reason,
  after_attempt: z.int().min(1).max(1_000_000_000).nullable().default(null).openapi({
    description: "The attempt that you saw fail. If a later one has begun, that is the one you asked for, " +
      "however it went: so a request that is sent again much later begins no further attempt.",
  }),
}).openapi("RetryRequest");

/** Answer to an accepted cancellation. `cancelling`: the workflow has yet to come to its end. */
export const Cancelled = z.object({
  job_id: z.string(),
  status: z.enum(["cancelling", "cancelled"]),
  attempt: z.int(),
}).openapi("Cancelled");

/** Answer to an accepted retry: the attempt that is under way. */
export const Retried = z.object({
  job_id: z.string(),
  status: z.literal("retrying"),
  attempt: z.int(),
}).openapi("Retried");

/** A request that comes at the wrong time; `status` says how the workflow stands. */
export const WrongTime = ErrorBody.extend({
  job_id: z.string(),
  status: z.union([WorkflowStatus, z.literal("cancelling")]),
}).openapi("WrongTime");

/** Somebody's request that took effect. Times are RFC 3339. */
export const AskedView = z.object({
  action: z.enum(["cancel", "retry"]),
  step: z.string(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  at: z.string(),
});

/** One attempt at a job: what its steps came to, and what was asked while it was the last one. */
export const AttemptView = z.object({
  attempt: z.int(),
  steps: z.array(StepView),
  asked: z.array(AskedView),
});

/** All attempts at a job, oldest first. */
export const Attempts = z.object({ job_id: z.string(), attempts: z.array(AttemptView) }).openapi("Attempts");
