/**
 * The URLs about the service itself, with what goes in and what comes out (http.md).
 *
 * @module
 */
import { createRoute } from "@hono/zod-openapi";
import { faults, json } from "../http/responses.ts";
import { Metrics } from "./schemas.ts";

/** Depth of the streams. */
export const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Depth of streams, consumer groups and dead letters",
  responses: { 200: json(Metrics, "The figures"), ...faults },
});
