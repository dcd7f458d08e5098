/**
 * The URLs about logs, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute, z } from "@hono/zod-openapi";
import { faults, json } from "../http/responses.ts";
import { JobPath } from "../http/schemas.ts";
import { LogDownloadQuery, LogHistory, LogHistoryQuery, LogSearch, LogSearchQuery } from "./schemas.ts";

/** One page of a job's log. */
export const logHistoryRoute = createRoute({
  method: "get",
  path: "/logs/{job_id}/history",
  operationId: "getLogHistory",
  tags: ["Logs"],
  summary: "A page of a job's log, oldest line first",
  request: { params: JobPath, query: LogHistoryQuery },
  responses: { 200: json(LogHistory, "The lines; empty if nothing is known"), ...faults },
});

/** The lines that match. */
export const logSearchRoute = createRoute({
  method: "get",
  path: "/logs/{job_id}/search",
  operationId: "searchLog",
  tags: ["Logs"],
  summary: "The lines of a job's log that match, with their numbers and how many there are",
  request: { params: JobPath, query: LogSearchQuery },
  responses: { 200: json(LogSearch, "The matches, oldest first"), ...faults },
});

/** The whole log as a file. */
export const logDownloadRoute = createRoute({
  method: "get",
  path: "/logs/{job_id}/download",
  operationId: "downloadLog",
  tags: ["Logs"],
  summary: "A job's log as plain text, each line as the process wrote it; HEAD answers without reading it",
  request: { params: JobPath, query: LogDownloadQuery },
  responses: {
    200: {
      description: "The lines, each with a newline behind it; empty if nothing is known",
      headers: z.object({ "content-disposition": z.string() }),
      content: { "text/plain": { schema: z.string() } },
    },
    ...faults,
  },
});
