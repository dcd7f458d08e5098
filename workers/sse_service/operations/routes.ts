/**
 * The URLs about the service itself, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute, z } from "@hono/zod-openapi";
import { faults, json } from "../http/responses.ts";
import { Alive, Metrics, Readiness } from "./schemas.ts";

/** Figures: of the streams as JSON; of everything, where the `Accept` header prefers text, for Prometheus. */
export const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  tags: ["Operations"],
  summary: "Depth of streams, consumer groups and dead letters; for Prometheus, all figures there are",
  responses: {
    200: {
      description:
        "The figures. Text is also answered, with what can be had, while Redis or Postgres is away",
      content: {
        "application/json": { schema: Metrics },
        "text/plain": { schema: z.string() },
        "application/openmetrics-text": { schema: z.string() },
      },
    },
    ...faults,
  },
});

/** Liveness. */
export const healthRoute = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  tags: ["Operations"],
  summary: "Whether the process is alive",
  responses: { 200: json(Alive, "It is") },
});

/** Readiness. */
export const readyRoute = createRoute({
  method: "get",
  path: "/ready",
  operationId: "getReadiness",
  tags: ["Operations"],
  summary: "Whether each dependency answers",
  responses: { 200: json(Readiness, "All answer"), 503: json(Readiness, "At least one does not") },
});
