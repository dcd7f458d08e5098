import { assertEquals } from "@std/assert";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Health } from "lib/run/health.ts";
import { Metrics } from "lib/run/metrics.ts";
import { type OperationsContext, serveOperations } from "./serve_operations.ts";

/** The routes of a service whose state is `status`. */
function serviceThatIs(status: "ready" | "unavailable"): OpenAPIHono {
  const app = new OpenAPIHono();
  const health = { readiness: () => Promise.resolve({ status, checks: {} }) } as unknown as Health;
  const figures = () =>
    Promise.resolve({ clients: 3 }) as unknown as ReturnType<OperationsContext["figures"]>;
  serveOperations(app, { health, figures, metrics: new Metrics(), sample: {} });
  return app;
}

Deno.test("GET /ready tells by its status, too, whether work may be sent here; GET /health only that it lives", async () => {
  for (const [status, code] of [["ready", 200], ["unavailable", 503]] as const) {
    const app = serviceThatIs(status);
    const answer = await app.request("/ready");
    assertEquals([answer.status, (await answer.json()).status], [code, status]);
    assertEquals((await app.request("/health")).status, 200);
  }
});

Deno.test("GET /metrics is text or JSON as its reader wishes, and no cache may take one for the other", async () => {
  for (const [accept, type] of [["text/plain", "text/plain"], ["*/*", "application/json"]]) {
    const answer = await serviceThatIs("ready").request("/metrics", { headers: { accept: accept ?? "" } });
    await answer.body?.cancel();
    const [found] = (answer.headers.get("content-type") ?? "").split(";");
    assertEquals([found, answer.headers.get("vary")], [type, "Accept"]);
  }
});
