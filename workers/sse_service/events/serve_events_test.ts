import { assertEquals } from "@std/assert";
import { OpenAPIHono } from "@hono/zod-openapi";
import { silentLogger as log } from "lib/run/log.ts";
import type { Sql } from "lib/store/open.ts";
import { ANYBODY } from "../auth/caller.ts";
import type { EventsContext } from "./answer_events.ts";
import { formatPosition, startPosition } from "./position.ts";
import { serveEvents } from "./serve_events.ts";

Deno.test("G10 an EventSource that was opened at a place, and comes back, goes on where it came to since", async () => {
  const app = new OpenAPIHono();
  app.use(async (c, next) => {
    c.set("caller", ANYBODY);
    await next();
  });
  // A job that is over, so that who has been told the end gets nothing more.
  const sql = (text: readonly string[]) =>
    Promise.resolve(text.join("").includes("FROM job_workflow") ? [{ status: "finishedSuccessfully" }] : []);
  const stopping = new AbortController().signal;
  serveEvents(app, { sql: sql as unknown as Sql, stopping, now: () => 0, log } as EventsContext);
  const opened = formatPosition(startPosition("g1"));
  const came = formatPosition({ ...startPosition("g1"), ended: true });
  const answer = await app.request(`/events/trial-1/all?last_event_id=${opened}`, {
    headers: { "Last-Event-ID": came },
  });
  assertEquals(answer.status, 204);
});
