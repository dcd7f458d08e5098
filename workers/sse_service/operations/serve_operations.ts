import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Health } from "lib/run/health.ts";
import { type Metrics, wantsText } from "lib/run/metrics.ts";
import { featuresOf } from "../http/features_of.ts";
import { healthRoute, metricsRoute, readyRoute } from "./routes.ts";
import type { Metrics as MetricsBody } from "./schemas.ts";

/** What the routes about the service itself need. */
export interface OperationsContext {
  readonly health: Health;
  /** Figures of the streams and of this service's clients. */
  readonly figures: () => Promise<MetricsBody>;
  /** All figures. */
  readonly metrics: Metrics;
  /** What the UI's form proposes. */
  readonly sample: Record<string, unknown>;
}

/** Adds the routes about the service itself. */
export function serveOperations(app: OpenAPIHono, context: OperationsContext): void {
  const { health, figures, metrics, sample } = context;
  app.openapi(metricsRoute, async (c) => {
    const accept = c.req.header("accept") ?? null;
    const answer = wantsText(accept) ? await metrics.answer(accept) : c.json(await figures(), 200);
    answer.headers.append("vary", "Accept");
    return answer;
  });
  app.openapi(healthRoute, (c) => c.json({ status: "ok" as const }, 200));
  app.openapi(readyRoute, async (c) => {
    const body = await health.readiness();
    return body.status === "ready" ? c.json(body, 200) : c.json(body, 503);
  });
  app.get("/config.json", (c) => c.json({ sample, features: featuresOf(app) }));
}
