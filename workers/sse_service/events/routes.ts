/**
 * The URLs about event streams, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { faults } from "../http/responses.ts";
import { EventsHeaders, EventsPath, EventsQuery, StreamedEvent } from "./schemas.ts";

/** A job's events, live. */
export const eventsRoute = createRoute({
  method: "get",
  path: "/events/{job_id}/{kind}",
  operationId: "streamEvents",
  tags: ["Events"],
  summary: "A job's events as server-sent events: history first, then live",
  request: { params: EventsPath, query: EventsQuery, headers: EventsHeaders },
  responses: {
    200: {
      description: "Events one after the other; the schema is that of each of them, with its `data` parsed",
      content: { "text/event-stream": { schema: StreamedEvent } },
    },
    204: { description: "The client has seen everything up to the end; it need not come back" },
    ...faults,
  },
});
