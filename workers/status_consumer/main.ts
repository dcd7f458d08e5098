import { decodeStatusEvent } from "lib/event/codec.ts";
import { runMain } from "lib/run/run_main.ts";
import { addConsumerGauges, ConsumerMetrics } from "lib/stream/consumer_metrics.ts";
import { GroupConsumer } from "lib/stream/group_consumer.ts";
import { shardOf } from "lib/stream/keys.ts";
import { openRedis, requireSafeRedis } from "lib/stream/open_redis.ts";
import { brokerUrl } from "lib/task/broker_settings.ts";
import { StatusQueues } from "lib/task/status_queues.ts";
import { Config, configFaults } from "./config.ts";
import { dispatcher } from "./dispatcher.ts";

await runMain("status_consumer", Config, async ({ config, log, signal, health, metrics }) => {
  await using redis = openRedis(config.REDIS_URL, { name: "status_consumer", log });
  await using broker = openRedis(brokerUrl(config), { name: "status_consumer:tasks", log });
  health.add("redis", () => redis.ping());
  health.add("task broker", () => broker.ping());
  const safety = { allowUnsafe: config.REDIS_ALLOW_UNSAFE, log, signal };
  await requireSafeRedis(redis, safety);
  if (brokerUrl(config) !== config.REDIS_URL) await requireSafeRedis(broker, safety);
  await using queues = new StatusQueues(broker, config.STREAM_NUM_SHARDS);
  const consumer = new GroupConsumer(redis, {
    base: config.STREAM_STATUS_BASE,
    group: config.STATUS_CONSUMER_GROUP,
    maxlen: config.STREAM_STATUS_MAXLEN,
    settings: config,
    handler: dispatcher(
      (shard, tasks) => queues.put(shard, tasks),
      (jobId) => shardOf(jobId, config.STREAM_NUM_SHARDS),
    ),
    decode: decodeStatusEvent,
    jobOf: (event) => event.job_id,
    dlq: { stream: config.STREAM_STATUS_DLQ, maxlen: config.STREAM_DLQ_MAXLEN },
    batchSize: 200,
    metrics: new ConsumerMetrics(metrics),
    log,
    now: Date.now,
  });
  health.addDetail("consumer", () => consumer.report());
  addConsumerGauges(metrics, () => consumer.report());
  await consumer.run(signal);
}, { faults: configFaults });
