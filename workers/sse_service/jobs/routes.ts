/**
 * The URLs about jobs, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { JobParams } from "lib/job/job_params.ts";
import { bodyFaults, faults, json } from "../http/responses.ts";
import { ErrorBody, JobPath } from "../http/schemas.ts";
import {
  JobList,
  JobListQuery,
  StatusHistory,
  StatusHistoryQuery,
  Submitted,
  WorkflowNotFound,
  WorkflowView,
} from "./schemas.ts";

/** Accepts a job. */
export const runRoute = createRoute({
  method: "post",
  path: "/api/jobs/{job_id}/run",
  operationId: "runJob",
  tags: ["Jobs"],
  summary: "Run a job: copy, plugin, upload, delete, cleanup",
  request: {
    params: JobPath,
    body: { required: true, content: { "application/json": { schema: JobParams } } },
  },
  responses: {
    202: json(Submitted, "The job is accepted, durably; or was accepted before with the same body"),
    409: json(ErrorBody, "There is a job of this id with another body"),
    ...bodyFaults,
    ...faults,
  },
});

/** Where a workflow stands. */
export const workflowRoute = createRoute({
  method: "get",
  path: "/api/jobs/{job_id}/workflow",
  operationId: "getWorkflow",
  tags: ["Jobs"],
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
  operationId: "getStatusHistory",
  tags: ["Jobs"],
  summary: "Every state of every container of a job, oldest first",
  request: { params: JobPath, query: StatusHistoryQuery },
  responses: { 200: json(StatusHistory, "The statuses; empty if nothing is known"), ...faults },
});

/** Jobs, newest first. */
export const listJobsRoute = createRoute({
  method: "get",
  path: "/api/jobs",
  operationId: "listJobs",
  tags: ["Jobs"],
  summary: "Jobs in pages, newest first",
  description:
    "A page costs the same wherever it is in the list and however long the list is. Jobs that are " +
    "accepted meanwhile are on the first page only.",
  request: { query: JobListQuery },
  responses: { 200: json(JobList, "The page; only jobs that the caller may look at"), ...faults },
});
