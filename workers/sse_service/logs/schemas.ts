/**
 * Logs in requests and answers (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { LogEvent } from "lib/event/log.ts";

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
