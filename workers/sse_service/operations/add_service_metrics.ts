import type { Redis } from "ioredis";
import type { Metrics } from "lib/run/metrics.ts";
import { addBacklogMetrics } from "lib/store/backlog_metrics.ts";
import type { Sql } from "lib/store/open.ts";
import { addForwardDelay, type ForwardedStreams } from "./forward_delay.ts";
import type { StreamFigures } from "./measure.ts";
import { addQueueMetrics } from "./queue_metrics.ts";
import { addRedisMetrics } from "./redis_metrics.ts";
import { addSseClients } from "./sse_metrics.ts";
import { addStreamMetrics } from "./stream_metrics.ts";

/** Where the figures of the whole system come from. */
export interface ServiceFigures {
  readonly redis: Redis;
  readonly broker: Redis;
  readonly sql: Sql;
  readonly streams: () => Promise<StreamFigures>;
  readonly bases: ForwardedStreams;
  /** Event streams open here, and how many there may be. */
  readonly clients: () => number;
  readonly maxClients: number;
}

/** Adds what only the SSE service can tell, as it reaches all that the others write to. Dispose of what is returned. */
export function addServiceMetrics(metrics: Metrics, from: ServiceFigures): AsyncDisposable {
  addStreamMetrics(metrics, from.streams);
  addForwardDelay(metrics, from.redis, from.bases);
  addRedisMetrics(metrics, from.redis);
  addBacklogMetrics(metrics, from.sql);
  addSseClients(metrics, from.clients, from.maxClients);
  return addQueueMetrics(metrics, from.broker, from.bases.numShards);
}
