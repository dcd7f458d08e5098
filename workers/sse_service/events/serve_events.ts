import type { OpenAPIHono } from "@hono/zod-openapi";
import { answerEvents, type EventsContext } from "./answer_events.ts";
import { eventsRoute } from "./routes.ts";

/** Adds the event streams. */
export function serveEvents(app: OpenAPIHono, context: EventsContext): void {
  app.openapi(eventsRoute, async (c) => {
    const { job_id, kind } = c.req.valid("param");
    const lastEventId = c.req.header("last-event-id") ?? c.req.valid("query").last_event_id ?? null;
    return await answerEvents(context, { jobId: job_id, kind, lastEventId });
  });
}
