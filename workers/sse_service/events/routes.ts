/**
 * The URLs about event streams, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { faults } from "../http/responses.ts";
import { EventsPath, EventsQuery } from "./schemas.ts";

/** A job's events, live. */
export const eventsRoute = createRoute({
  method: "get",
  path: "/events/{job_id}/{kind}",
  operationId: "streamEvents",
  tags: ["Events"],
  summary: "A job's events as server-sent events: history first, then live",
  request: { params: EventsPath, query: EventsQuery },
  responses: {
    200: {
      description: "Events `status`, `logs`, `workflow`, `gap`, `caught-up`, `end`",
      content: { "text/event-stream": {} },
    },
    204: { description: "The client has seen everything up to the end; it need not come back" },
    ...faults,
  },
});
