import { runMain } from "lib/run/run_main.ts";
import { openRuntime } from "lib/runtime/open_runtime.ts";
import { Semaphore } from "lib/runtime/semaphore.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { runAsLeader } from "lib/stream/leader.ts";
import { countedTerm } from "lib/stream/leader_metrics.ts";
import { LogRecord } from "lib/stream/log_record.ts";
import { openRedis, requireSafeRedis } from "lib/stream/open_redis.ts";
import { Config } from "./config.ts";
import { LogForwarder } from "./forwarder.ts";
import { addOpenLogs, LogForwarderMetrics } from "./metrics.ts";

await runMain("log_forwarder", Config, async ({ config, log, signal, health, metrics }) => {
  await using redis = openRedis(config.REDIS_URL, { name: "log_forwarder", log });
  const runtime = openRuntime(config, log);
  health.add("redis", () => redis.ping());
  health.add(config.COMPUTE_ENV, () => runtime.ping());
  await requireSafeRedis(redis, { allowUnsafe: config.REDIS_ALLOW_UNSAFE, log, signal });
  const forwarder = new LogForwarder({
    runtime,
    record: new LogRecord(redis, config.FORWARDER_NAME, config.LOG_CONSUMER_GROUP),
    streamOf: (jobId) => shardKey(config.STREAM_LOGS_BASE, shardOf(jobId, config.STREAM_NUM_SHARDS)),
    maxlen: config.STREAM_LOGS_MAXLEN,
    maxLineBytes: config.LOG_MAX_LINE_BYTES,
    silenceMs: config.LOG_SILENCE_SECONDS * 1_000,
    relistMs: config.LOG_RELIST_SECONDS * 1_000,
    backlog: new Semaphore(config.LOG_BACKLOG_PARALLEL),
    metrics: new LogForwarderMetrics(metrics, Date.now),
    log,
  });
  addOpenLogs(metrics, () => forwarder.open);
  const leadership = {
    key: `chris:log-forwarder:${config.FORWARDER_NAME}:leader`,
    replica: `${Deno.hostname()}:${Deno.pid}`,
    ttlMs: config.FORWARDER_LEASE_TTL_MS,
    log,
  };
  await runAsLeader(redis, leadership, signal, countedTerm(metrics, (term) => forwarder.run(term)));
});
