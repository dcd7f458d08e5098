/**
 * What a client of the event streams asks for (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { JobPath } from "../http/schemas.ts";

/** Which of a job's events a stream carries. */
export const EventsPath = JobPath.extend({
  kind: z.enum(["status", "logs", "workflow", "all"]).openapi({ param: { name: "kind", in: "path" } }),
});

/** Where a stream resumes, for clients that cannot set the `Last-Event-ID` header. */
export const EventsQuery = z.object({ last_event_id: z.string().max(256).optional() });
