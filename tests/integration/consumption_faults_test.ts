import { assert, assertEquals } from "@std/assert";
import { encodeStatusEvent } from "lib/event/codec.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { until } from "lib/testing/until.ts";
import {
  disorder,
  DLQ,
  eventOf,
  GROUP,
  jobNames,
  LASTING_LEASES,
  openBench,
  settings,
  settle,
  streamOf,
} from "./consumer_bench.ts";
import { assertTasks, startConsumer, tasksOf } from "./status_consumers.ts";
import { startProcess } from "./worker_process.ts";

Deno.test("G4 G8 three consumers are restarted in turn under load: each event becomes one task, in order", async () => {
  await using bench = await openBench();
  const jobs = jobNames(6);
  await using running = new AsyncDisposableStack();
  const start = () => running.use(startConsumer(bench, { LEASE_TTL_MS: "5000" }));
  const consumers = [start(), start(), start()];
  for (const consumer of consumers) await consumer.logged("started");
  const publishing = (async () => {
    for (let i = 0; i < 40; i++) {
      await bench.publish(jobs, 1);
      await sleep(50);
    }
  })();
  await until("at work", async () => (await tasksOf(bench, "job-0")).length > 0);
  for (const consumer of consumers) {
    consumer.kill("SIGTERM");
    assertEquals(await consumer.ended, 0, consumer.output());
    start();
  }
  await publishing;
  await assertTasks(bench, jobs, 40);
  assertEquals(await bench.redis.exists(DLQ), 0);
});

Deno.test("G8 G14 Redis is killed while entries are being handled: they are acknowledged when it is back", async () => {
  await using bench = await openBench();
  await bench.redis.config("SET", "appendfsync", "always");
  const jobs = jobNames(16);
  const entered = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  bench.consume("a", {
    before: async () => {
      entered.resolve();
      await goOn.promise;
    },
  });
  await bench.publish(jobs, 4);
  await entered.promise;
  await bench.server.kill();
  goOn.resolve();
  await until("handled while Redis is away", () => bench.handled.length > 0);
  await sleep(settings.LEASE_TTL_MS); // the leases run out meanwhile
  await bench.server.start();
  await bench.publish(jobs, 2);
  await settle(bench);
  assertEquals(await bench.redis.exists(DLQ), 0);
});

Deno.test("G8 a refused acknowledgement is repeated alone: nothing is handled a second time for it", async () => {
  await using bench = await openBench();
  const entered = Promise.withResolvers<void>();
  const refusing = Promise.withResolvers<void>();
  bench.consume("a", {
    settings: LASTING_LEASES,
    before: async () => {
      entered.resolve();
      await refusing.promise;
    },
  });
  await bench.publish(["job-0"], 3);
  await entered.promise;
  await bench.redis.config("SET", "min-replicas-to-write", "1");
  const { length } = await bench.redis.xrange(streamOf("job-0"), "-", "+");
  refusing.resolve();
  await until("handled", () => bench.handled.length > 0);
  await sleep(500); // several tries
  await bench.redis.config("SET", "min-replicas-to-write", "0");
  await settle(bench);
  assertEquals(bench.handled.map(({ n }) => n).slice(0, 1), [1]);
  assertEquals(bench.handled.length, length);
});

Deno.test("G8 a stream that is trimmed beyond its group's place: what is left is handled in order, the gap is counted", async () => {
  await using bench = await openBench();
  const stream = streamOf("job-0");
  let away = true;
  await bench.publish(["job-0"], 40);
  const consumer = bench.consume("a", {
    batchSize: 2,
    before: () => away ? Promise.reject(new OutageError("store", "write")) : Promise.resolve(),
    settings: LASTING_LEASES,
  });
  await until(
    "two taken",
    async () => await bench.redis.xpending(stream, GROUP).then(([count]) => count === 2, () => false),
  );
  const cut = (await bench.redis.xrange(stream, "-", "+"))[29]?.[0] ?? "";
  await bench.redis.xtrim(stream, "MINID", cut);
  away = false;
  await until("the last one handled", () => bench.handled.some(({ n }) => n === 40));
  await until("acknowledged in full", async () => await bench.pending() === 0);
  assertEquals(bench.handled.map(({ n }) => n), [1, 2, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
  assertEquals(Number(await bench.redis.get(`chris:trimmed:${GROUP}:${stream}`)), 27);
  assertEquals(disorder(bench.handled), []);
  assert(consumer.owned.length > 0);
});

Deno.test("G9 an entry that ends every process that handles it is isolated and dead-lettered; all others are handled in order", async () => {
  await using bench = await openBench();
  const { redis } = bench;
  const stream = streamOf("job-0");
  const add = (jobId: string, text: string) =>
    redis.xadd(stream, "*", "data", encodeStatusEvent({ ...eventOf(jobId, 1), message: text }));
  await add("job-0", "1");
  await add("good", "1");
  const deadly = await add("job-0", "deadly");
  await add("job-0", "2");
  await add("good", "2");
  let starts = 0;
  const isDeadLettered = async () => await redis.xlen(DLQ) > 0;
  while (!await isDeadLettered()) {
    if (++starts > settings.RECLAIM_MAX_DELIVERIES + 6) {
      throw new Error("Cannot go on: it still is not dead-lettered");
    }
    await using process = startProcess("tests/integration/deadly_consumer.ts", {
      REDIS_URL: bench.server.url,
    });
    let hasEnded = false;
    process.ended.then(() => hasEnded = true);
    await until("ended, or dead-lettered", async () => hasEnded || await isDeadLettered(), 60_000);
    if (await isDeadLettered()) await until("all acknowledged", async () => await bench.pending() === 0);
  }
  assert(starts > settings.RECLAIM_MAX_DELIVERIES, `${starts} starts`);
  const [[, fields] = ["", []]] = await redis.xrange(DLQ, "-", "+");
  const field = (name: string) => fields[fields.indexOf(name) + 1];
  assertEquals([field("origin_id"), field("reason")], [deadly, "worker died"]);
  for (const jobId of ["job-0", "good"]) {
    const done = await redis.lrange(`done:${jobId}`, 0, -1);
    assertEquals([...new Set(done)], ["1", "2"], `${jobId}: ${done}`);
  }
  assertEquals(await redis.exists(`chris:crashes:${GROUP}:${stream}`, `chris:unended:${GROUP}:${stream}`), 0);
});
