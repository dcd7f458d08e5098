/**
 * A consumer that an entry can end, for tests: the process is gone at the first entry whose message is "deadly".
 *
 * @module
 */
import { decodeStatusEvent } from "lib/event/codec.ts";
import { silentLogger } from "lib/run/log.ts";
import { GroupConsumer } from "lib/stream/group_consumer.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { BASE, DLQ, GROUP, settings } from "./consumer_bench.ts";

const redis = openRedis(Deno.env.get("REDIS_URL") ?? "", { name: "deadly", log: silentLogger });
const consumer = new GroupConsumer(redis, {
  base: BASE,
  group: GROUP,
  maxlen: 1_000,
  settings,
  handler: async (entries) => {
    for (const { event } of entries) {
      if (event.message === "deadly") Deno.exit(70);
      await redis.rpush(`done:${event.job_id}`, event.message ?? "");
    }
  },
  decode: decodeStatusEvent,
  jobOf: (event) => event.job_id,
  dlq: { stream: DLQ, maxlen: 1_000 },
  batchSize: 10,
  log: silentLogger,
  now: Date.now,
});
await consumer.run(new AbortController().signal);
