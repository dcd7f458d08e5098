import type { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Health } from "lib/run/health.ts";
import { metricsRoute } from "./routes.ts";
import type { Metrics } from "./schemas.ts";

/** What the routes about the service itself need. */
export interface OperationsContext {
  readonly health: Health;
  readonly metrics: () => Promise<z.infer<typeof Metrics>>;
  /** What the UI's form proposes. */
  readonly sample: Record<string, unknown>;
}

/** Adds the routes about the service itself. */
export function serveOperations(app: OpenAPIHono, { health, metrics, sample }: OperationsContext): void {
  app.openapi(metricsRoute, async (c) => c.json(await metrics(), 200));
  app.get("/health", (c) => health.answer(c.req.raw));
  app.get("/ready", (c) => health.answer(c.req.raw));
  app.get("/config.json", (c) => c.json({ sample }));
  app.doc31("/openapi.json", { openapi: "3.1.0", info: { title: "ChRIS streaming workers", version: "1" } });
}
