/**
 * Figures about the service itself (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";

const StreamMetrics = z.object({
  shards: z.array(z.object({
    stream: z.string(),
    xlen: z.int(),
    pending: z.int(),
    lag: z.int().nullable(),
    owner: z.string().nullable(),
  })),
  dlq_xlen: z.int(),
});

/** Depth of the streams. */
export const Metrics = z.object({ status: StreamMetrics, logs: StreamMetrics, clients: z.int() }).openapi(
  "Metrics",
);
