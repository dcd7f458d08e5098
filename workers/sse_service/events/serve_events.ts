import type { OpenAPIHono } from "@hono/zod-openapi";
import { callerOf } from "../auth/caller.ts";
import { type EventsContext, eventStreams } from "./answer_events.ts";
import { eventsRoute } from "./routes.ts";

/** Adds the event streams. */
export function serveEvents(app: OpenAPIHono, context: EventsContext): void {
  const answer = eventStreams(context);
  app.openapi(eventsRoute, async (c) => {
    const { job_id, kind } = c.req.valid("param");
    const { last_event_id, tail } = c.req.valid("query");
    const lastEventId = c.req.valid("header")["Last-Event-ID"] ?? last_event_id ?? null;
    const expiresAtMs = callerOf(c).expiresAtMs ?? undefined;
    return await answer({ jobId: job_id, kind, lastEventId, tail: tail ?? null, expiresAtMs });
  });
}
