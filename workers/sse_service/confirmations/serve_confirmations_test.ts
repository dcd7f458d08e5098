import { assertEquals } from "@std/assert";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { StatusEvent } from "lib/event/status.ts";
import type { Sql } from "lib/store/open.ts";
import { ANYBODY } from "../auth/caller.ts";
import { serveConfirmations } from "./serve_confirmations.ts";

const confirmation = (seq: number, job_id: string) => ({
  seq,
  event: {
    ...{ event_id: `${seq}`, job_id, job_type: "copy", status: "confirmed_finishedSuccessfully" },
    ...{ previous_status: "finishedSuccessfully", image: "i", cmd: "c", message: "confirmed", exit_code: 0 },
    ...{ timestamp: "2026-01-15T12:00:00.000000+00:00", source: "docker" },
  } satisfies StatusEvent,
});

Deno.test("G12 who may look at some jobs is shown their confirmations alone, and gets past those of others", async () => {
  const rows = [confirmation(1, "own-1"), confirmation(2, "other-1"), confirmation(3, "other-2")];
  const sql = (_: readonly string[], after: number, limit: number) =>
    Promise.resolve(rows.filter(({ seq }) => seq > after).slice(0, limit));
  const app = new OpenAPIHono();
  app.use(async (c, next) => {
    c.set("caller", { ...ANYBODY, jobs: ["own-*"] });
    await next();
  });
  const stopping = new AbortController().signal;
  serveConfirmations(app, { sql: sql as unknown as Sql, stopping, now: () => 0 });
  const pages = [];
  for (const after of [0, 2]) {
    const limit = after === 0 ? 2 : 1;
    const { confirmations, next } =
      await (await app.request(`/api/confirmations?after=${after}&limit=${limit}`)).json();
    pages.push([confirmations.map(({ job_id }: StatusEvent) => job_id), next]);
  }
  assertEquals(pages, [[["own-1"], 2], [[], 3]]);
});
