/**
 * The URLs about logs, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { faults, json } from "../http/responses.ts";
import { JobPath } from "../http/schemas.ts";
import { LogHistory, LogHistoryQuery } from "./schemas.ts";

/** One page of a job's log. */
export const logHistoryRoute = createRoute({
  method: "get",
  path: "/logs/{job_id}/history",
  summary: "A page of a job's log, oldest line first",
  request: { params: JobPath, query: LogHistoryQuery },
  responses: { 200: json(LogHistory, "The lines; empty if nothing is known"), ...faults },
});
