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

/** Where a stream begins. */
export const EventsQuery = z.object({
  last_event_id: z.string().max(512).optional().openapi({
    description:
      "Id of the last event seen, for clients that cannot set the header `Last-Event-ID`, which wins",
  }),
  tail: z.string().regex(/^\d{1,7}$/, "must be a number of lines, 0 to 9999999").transform(Number).optional()
    .openapi({
      description: "Begin so many lines before now; without it, and for who resumes, nothing is left out",
      type: "integer",
      minimum: 0,
      maximum: 9_999_999,
    }),
});
