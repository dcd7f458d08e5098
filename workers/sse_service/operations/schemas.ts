/**
 * Figures about the service itself (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { Readiness as ReadinessBody } from "lib/run/health.ts";

const GroupedStreamMetrics = z.object({
  shards: z.array(z.object({
    stream: z.string(),
    xlen: z.int().openapi({ description: "Entries that the stream holds." }),
    pending: z.int().openapi({ description: "Entries taken by a consumer and not acknowledged." }),
    lag: z.int().nullable().openapi({
      description: "Entries that no consumer has taken yet; null if Redis cannot tell.",
    }),
    oldest_pending_ms: z.int().nullable().openapi({
      description: "Age of the oldest entry not acknowledged (ms); null if there is none.",
    }),
    owner: z.string().nullable().openapi({ description: "The replica that owns the shard." }),
    trimmed: z.int().openapi({ description: "Entries ever trimmed before they were acknowledged." }),
  })),
  dlq_xlen: z.int().openapi({ description: "Dead letters." }),
});

/** Depth of the streams. */
export const Metrics = z.object({
  status: GroupedStreamMetrics,
  logs: GroupedStreamMetrics,
  workflow: z.object({ shards: z.array(z.object({ stream: z.string(), xlen: z.int() })) }),
  clients: z.int().openapi({ description: "Event streams open here." }),
}).openapi("Metrics");
/** Depth of the streams. */
export type Metrics = z.infer<typeof Metrics>;

/** That the process is alive. */
export const Alive = z.object({ status: z.literal("ok") }).openapi("Alive");

/** Whether each dependency answers. */
export const Readiness = z.object(ReadinessBody.shape).openapi("Readiness");
