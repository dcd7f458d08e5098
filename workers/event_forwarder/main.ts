import { runMain } from "lib/run/run_main.ts";
import { openRuntime } from "lib/runtime/open_runtime.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { runAsLeader } from "lib/stream/leader.ts";
import { countedTerm } from "lib/stream/leader_metrics.ts";
import { LifeRecord } from "lib/stream/life_record.ts";
import { openRedis, requireSafeRedis } from "lib/stream/open_redis.ts";
import { Config } from "./config.ts";
import { EventForwarder } from "./forwarder.ts";
import { ForwarderMetrics } from "./metrics.ts";

await runMain("event_forwarder", Config, async ({ config, log, signal, health, metrics }) => {
  await using redis = openRedis(config.REDIS_URL, { name: "event_forwarder", log });
  const runtime = openRuntime(config, log);
  health.add("redis", () => redis.ping());
  health.add(config.COMPUTE_ENV, () => runtime.ping());
  await requireSafeRedis(redis, { allowUnsafe: config.REDIS_ALLOW_UNSAFE, log, signal });
  const forwarder = new EventForwarder({
    runtime,
    record: new LifeRecord(redis, config.FORWARDER_NAME),
    streamOf: (jobId) => shardKey(config.STREAM_STATUS_BASE, shardOf(jobId, config.STREAM_NUM_SHARDS)),
    maxlen: config.STREAM_STATUS_MAXLEN,
    emitInitialState: config.EMIT_INITIAL_STATE,
    relistMs: config.DOCKER_RECONCILE_SECONDS * 1_000,
    metrics: new ForwarderMetrics(metrics, Date.now),
    log,
  });
  const leadership = {
    key: `chris:event-forwarder:${config.FORWARDER_NAME}:leader`,
    replica: `${Deno.hostname()}:${Deno.pid}`,
    ttlMs: config.FORWARDER_LEASE_TTL_MS,
    log,
  };
  await runAsLeader(redis, leadership, signal, countedTerm(metrics, (term) => forwarder.run(term)));
});
