import type { Redis } from "ioredis";
import type { Metrics } from "lib/run/metrics.ts";

/** How a Redis keeps what it is given. */
export interface RedisFigures {
  readonly usedBytes: number;
  /** Its limit: what it may use, or what its machine has. */
  readonly maxBytes: number;
  readonly keepsFile: boolean;
  /** Whether its last write to that file went well. */
  readonly writesWell: boolean;
}

/** Adds what Redis tells of itself (`INFO`); left out while it is away or refuses to tell. */
export function addRedisMetrics(metrics: Metrics, redis: Pick<Redis, "info">): void {
  const gauges = {
    used: metrics.gauge("chris_redis_memory_used_bytes", "Memory that Redis uses (bytes)."),
    max: metrics.gauge(
      "chris_redis_memory_max_bytes",
      "Memory that Redis may use, or that its machine has (bytes).",
    ),
    aof: metrics.gauge("chris_redis_aof_enabled", "Whether Redis keeps an append-only file."),
    writes: metrics.gauge("chris_redis_aof_write_ok", "Whether Redis's last write to that file went well."),
  };
  metrics.onRead(async () => {
    for (const gauge of Object.values(gauges)) gauge.remove();
    const { usedBytes, maxBytes, keepsFile, writesWell } = readInfo(await redis.info());
    gauges.used.set(usedBytes);
    gauges.max.set(maxBytes);
    gauges.aof.set(keepsFile ? 1 : 0);
    gauges.writes.set(writesWell ? 1 : 0);
  });
}

/** Reads the answer to `INFO`. Pure. */
export function readInfo(info: string): RedisFigures {
  const field = (name: string) => new RegExp(`^${name}:([^\\r\\n]*)`, "m").exec(info)?.[1];
  return {
    usedBytes: Number(field("used_memory") ?? 0),
    maxBytes: Number(field("maxmemory") ?? 0) || Number(field("total_system_memory") ?? 0),
    keepsFile: field("aof_enabled") === "1",
    writesWell: field("aof_last_write_status") !== "err",
  };
}
