import { decodeLogEvent } from "lib/event/codec.ts";
import { openLogStore } from "lib/log_store/open_log_store.ts";
import { runMain } from "lib/run/run_main.ts";
import { untilAvailable } from "lib/run/until_available.ts";
import { addConsumerGauges, ConsumerMetrics } from "lib/stream/consumer_metrics.ts";
import { GroupConsumer } from "lib/stream/group_consumer.ts";
import { openRedis, requireSafeRedis } from "lib/stream/open_redis.ts";
import { Config, configFaults } from "./config.ts";
import { storeLogs } from "./store_logs.ts";

await runMain("log_consumer", Config, async ({ config, log, signal, health, metrics }) => {
  await using redis = openRedis(config.REDIS_URL, { name: "log_consumer", log });
  await using store = openLogStore(config);
  health.add("redis", () => redis.ping());
  health.add("log store", () => store.ping());
  await requireSafeRedis(redis, { allowUnsafe: config.REDIS_ALLOW_UNSAFE, log, signal });
  await untilAvailable(() => store.prepare(), { signal, log });
  const consumer = new GroupConsumer(redis, {
    base: config.STREAM_LOGS_BASE,
    group: config.LOG_CONSUMER_GROUP,
    maxlen: config.STREAM_LOGS_MAXLEN,
    settings: config,
    handler: storeLogs(store),
    decode: decodeLogEvent,
    jobOf: (event) => event.job_id,
    dlq: { stream: config.STREAM_LOGS_DLQ, maxlen: config.STREAM_DLQ_MAXLEN },
    batchSize: config.BATCH_MAX_SIZE,
    lingerMs: config.BATCH_MAX_WAIT_SECONDS * 1_000,
    urgent: (event) => event.eos,
    metrics: new ConsumerMetrics(metrics),
    log,
    now: Date.now,
  });
  health.addDetail("consumer", () => consumer.report());
  addConsumerGauges(metrics, () => consumer.report());
  await consumer.run(signal);
}, { faults: configFaults });
