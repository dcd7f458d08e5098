import type { Redis } from "ioredis";
import type { Metrics } from "lib/run/metrics.ts";
import { entryIdParts } from "lib/stream/entry_id.ts";
import { shardKeys } from "lib/stream/keys.ts";

/** Of how many of a shard's last entries the delay is looked at: among them is one that no relay wrote. */
const LAST_ENTRIES = 5;
/** Older entries tell nothing of how it goes now (ms). */
const RECENT_MS = 300_000;

/** Bases of the streams that forwarders write. */
export interface ForwardedStreams {
  readonly numShards: number;
  readonly status: string;
  readonly logs: string;
}

/** Adds how far behind the runtime the forwarders publish, by the newest entries of the last minutes. */
export function addForwardDelay(
  metrics: Metrics,
  redis: Pick<Redis, "pipeline">,
  { numShards, ...bases }: ForwardedStreams,
): void {
  const delay = metrics.gauge(
    "chris_forward_delay_seconds",
    "From a runtime's own time to the stream (s), of the shard that is furthest behind; none if nothing came lately.",
    ["stream"],
  );
  metrics.onRead(async () => {
    delay.reset();
    const pipeline = redis.pipeline().time();
    for (const key of shardKeys(bases.status, numShards)) {
      pipeline.xrevrange(key, "+", "-", "COUNT", LAST_ENTRIES);
    }
    for (const key of shardKeys(bases.logs, numShards)) pipeline.xrevrange(key, "+", "-", "COUNT", 1);
    const [time, ...shards] = (await pipeline.exec() ?? []).map(([error, answer]) => error ? [] : answer);
    const now = Number((time as string[] | undefined)?.[0]) * 1_000;
    delay.reset();
    for (
      const [stream, entries] of [
        ["status", shards.slice(0, numShards)],
        ["logs", shards.slice(numShards)],
      ] as const
    ) {
      const seconds = longestDelay(entries.flat() as [string, string[]][], now);
      if (seconds !== null) delay.set({ stream }, seconds);
    }
  });
}

/** The longest delay of recent entries (s), confirmations aside; null if there are none. Pure. */
export function longestDelay(entries: readonly [id: string, fields: string[]][], now: number): number | null {
  const delays = entries.flatMap(([id, fields]) => {
    const [enteredAt] = entryIdParts(id);
    const happenedAt = now - enteredAt > RECENT_MS ? null : timeOf(fields[fields.indexOf("data") + 1] ?? "");
    return happenedAt === null ? [] : [Math.max(0, enteredAt - happenedAt) / 1_000];
  });
  return delays.length === 0 ? null : Math.max(...delays);
}

function timeOf(data: string): number | null {
  try {
    const { timestamp, status } = JSON.parse(data) as { timestamp?: unknown; status?: unknown };
    if (typeof timestamp !== "string" || String(status).startsWith("confirmed_")) return null;
    const time = Date.parse(timestamp);
    return Number.isNaN(time) ? null : time;
  } catch {
    return null;
  }
}
