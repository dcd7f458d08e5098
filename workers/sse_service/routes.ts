/**
 * Every URL of the API on one screen, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute, type z } from "@hono/zod-openapi";
import { JobParams } from "lib/job/job_params.ts";
import {
  ErrorBody,
  EventsPath,
  EventsQuery,
  JobPath,
  LogHistory,
  LogHistoryQuery,
  Metrics,
  StatusHistory,
  StatusHistoryQuery,
  Submitted,
  WorkflowNotFound,
  WorkflowView,
} from "./schemas.ts";

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

const faults = {
  422: json(ErrorBody, "The request is not valid; `details` names every field"),
  503: json(ErrorBody, "A dependency is unavailable; the same request may succeed later"),
};

/** Accepts a job. */
export const runRoute = createRoute({
  method: "post",
  path: "/api/jobs/{job_id}/run",
  summary: "Run a job: copy, plugin, upload, delete, cleanup",
  request: {
    params: JobPath,
    body: { required: true, content: { "application/json": { schema: JobParams } } },
  },
  responses: {
    202: json(Submitted, "The job is accepted, durably; or was accepted before with the same body"),
    400: json(ErrorBody, "The body is no JSON"),
    409: json(ErrorBody, "There is a job of this id with another body"),
    413: json(ErrorBody, "The body is too large"),
    415: json(ErrorBody, "The body is not declared as application/json"),
    ...faults,
  },
});

/** Where a workflow stands. */
export const workflowRoute = createRoute({
  method: "get",
  path: "/api/jobs/{job_id}/workflow",
  summary: "Where a job's workflow stands",
  request: { params: JobPath },
  responses: {
    200: json(WorkflowView, "The workflow with its steps"),
    404: json(WorkflowNotFound, "No such workflow"),
    ...faults,
  },
});

/** All statuses of a job. */
export const statusHistoryRoute = createRoute({
  method: "get",
  path: "/api/jobs/{job_id}/status/history",
  summary: "Every state of every container of a job, oldest first",
  request: { params: JobPath, query: StatusHistoryQuery },
  responses: { 200: json(StatusHistory, "The statuses; empty if nothing is known"), ...faults },
});

/** One page of a job's log. */
export const logHistoryRoute = createRoute({
  method: "get",
  path: "/logs/{job_id}/history",
  summary: "A page of a job's log, oldest line first",
  request: { params: JobPath, query: LogHistoryQuery },
  responses: { 200: json(LogHistory, "The lines; empty if nothing is known"), ...faults },
});

/** A job's events, live. */
export const eventsRoute = createRoute({
  method: "get",
  path: "/events/{job_id}/{kind}",
  summary: "A job's events as server-sent events: history first, then live",
  request: { params: EventsPath, query: EventsQuery },
  responses: {
    200: {
      description: "Events `status`, `logs`, `workflow`, `caught-up`, `end`",
      content: { "text/event-stream": {} },
    },
    204: { description: "The client has seen everything up to the end; it need not come back" },
    ...faults,
  },
});

/** Depth of the streams. */
export const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Depth of streams, consumer groups and dead letters",
  responses: { 200: json(Metrics, "The figures"), ...faults },
});
