/**
 * The URLs that cancel and retry jobs (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { bodyFaults, faults, json } from "../http/responses.ts";
import { ErrorBody, JobPath } from "../http/schemas.ts";
import { Attempts, Cancelled, CancelRequest, Retried, RetryRequest, WrongTime } from "./schemas.ts";

/** Cancels a job. */
export const cancelRoute = createRoute({
  method: "post",
  path: "/api/jobs/{job_id}/cancel",
  operationId: "cancelJob",
  tags: ["Jobs"],
  summary: "Cancel a job: stop its step, delete its data, clean up",
  request: {
    params: JobPath,
    body: { required: false, content: { "application/json": { schema: CancelRequest } } },
  },
  responses: {
    202: json(Cancelled, "The job is being cancelled, durably; or was so before"),
    404: json(ErrorBody, "No such job"),
    409: json(WrongTime, "`already_over`: the job ended before; `status` says how"),
    ...bodyFaults,
    ...faults,
  },
});

/** Retries a job. */
export const retryRoute = createRoute({
  method: "post",
  path: "/api/jobs/{job_id}/retry",
  operationId: "retryJob",
  tags: ["Jobs"],
  summary: "Retry a job that did not succeed, with the same parameters",
  request: {
    params: JobPath,
    body: { required: false, content: { "application/json": { schema: RetryRequest } } },
  },
  responses: {
    202: json(Retried, "Another attempt is under way; or was so before"),
    404: json(ErrorBody, "No such job"),
    409: json(WrongTime, "`not_over`: the job has yet to come to its end; `already_over`: it has succeeded"),
    ...bodyFaults,
    ...faults,
  },
});

/** What became of each attempt. */
export const attemptsRoute = createRoute({
  method: "get",
  path: "/api/jobs/{job_id}/attempts",
  operationId: "listAttempts",
  tags: ["Jobs"],
  summary: "Every attempt at a job: its steps, and who had it cancelled or retried, when and why",
  request: { params: JobPath },
  responses: {
    200: json(Attempts, "The attempts, oldest first"),
    404: json(ErrorBody, "No such job"),
    ...faults,
  },
});
