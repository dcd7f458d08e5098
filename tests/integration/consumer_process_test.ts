import { assert, assertEquals } from "@std/assert";
import { until } from "lib/testing/until.ts";
import { type ConsumerBench, jobNames, LEASES, openBench, SHARDS } from "./consumer_bench.ts";
import { assertTasks, doneButPending, startConsumer, tasksOf, untilOwner } from "./status_consumers.ts";
import { startProcess, type TestProcess } from "./worker_process.ts";

Deno.test("G4 a consumer stopped for longer than its lease loses its shards; order holds, nothing is lost", async () => {
  await using bench = await openBench();
  const jobs = jobNames(12);
  await using frozen = startConsumer(bench);
  await untilOwner(bench, frozen, SHARDS);
  const publishing = bench.publish(jobs, 40);
  await until("at work", async () => (await tasksOf(bench, "job-0")).length > 0);
  frozen.kill("SIGSTOP");
  await publishing;
  await using other = startConsumer(bench);
  await untilOwner(bench, other, SHARDS);
  await bench.publish(jobs, 5);
  await assertTasks(bench, jobs, 45);
  frozen.kill("SIGCONT");
  await untilOwner(bench, frozen, SHARDS / 2);
  await bench.publish(jobs, 5);
  await assertTasks(bench, jobs, 50);
  await until("aware of its loss", () => /lost shard|no longer leased/.test(frozen.output()));
});

Deno.test("G15 SIGTERM under load: exit 0, nothing done left pending, and leases and heartbeat are gone", async () => {
  await using bench = await openBench();
  const jobs = jobNames(12);
  await using consumer = startConsumer(bench, { LEASE_TTL_MS: "60000" });
  await until("begun on every shard", async () => await bench.pending() === 0);
  const publishing = bench.publish(jobs, 200);
  await until("at work", async () => (await tasksOf(bench, "job-0")).length > 0);
  consumer.kill("SIGTERM");
  assertEquals(await consumer.ended, 0, consumer.output());
  await publishing;
  assertEquals(await doneButPending(bench, jobs), []);
  assertEquals((await bench.redis.keys(`${LEASES}:*`)).filter((key) => !key.includes(":epoch:")), []);
  await using next = startConsumer(bench);
  await assertTasks(bench, jobs, 200);
  next.kill("SIGINT");
  assertEquals(await next.ended, 0, next.output());
});

/** Starts a consumer whose task broker goes away while it puts tasks, so that it waits with entries of a job in hand. */
async function stuckConsumer(bench: ConsumerBench, broker: ConsumerBench, env: Record<string, string> = {}) {
  const consumer = startConsumer(bench, { TASK_BROKER_URL: broker.server.url, ...env });
  await untilOwner(bench, consumer, SHARDS);
  // What opening the queues writes must not be taken for the put.
  const opened = async () => (await broker.redis.keys("bull:*:meta")).length === SHARDS;
  await until("done with opening its queues", opened);
  await broker.redis.client("PAUSE", 60_000, "WRITE");
  await bench.publish(["job-0"], 3);
  await until(
    "in the middle of a put",
    async () => /^blocked_clients:1\r?$/m.test(await broker.redis.info("clients")),
  );
  await broker.server.stop();
  return consumer;
}

Deno.test("G8 G15 SIGTERM while the task broker, or Redis itself, is away: exit 0 before the grace period ends", async () => {
  await using bench = await openBench();
  await using broker = await openBench();
  await using stuck = await stuckConsumer(bench, broker, { SHUTDOWN_GRACE_SECONDS: "8" });
  await using next = startConsumer(bench, { SHUTDOWN_GRACE_SECONDS: "8" });
  await untilOwner(bench, next, SHARDS / 2);
  stuck.kill("SIGTERM");
  assertEquals(await stuck.ended, 0, stuck.output());
  assertEquals((await stuck.logged("stopped while a dependency was unavailable")).level, 30);
  await untilOwner(bench, next, SHARDS); // once the lease of what was unfinished has run out
  await assertTasks(bench, ["job-0"], 3);
  await bench.server.stop();
  await next.logged("redis is unavailable, waiting for it");
  next.kill("SIGTERM");
  assertEquals(await next.ended, 0, next.output());
});

Deno.test("G15 a second signal ends a consumer at once, with the signal's exit code", async () => {
  await using bench = await openBench();
  await using broker = await openBench();
  await using consumer = await stuckConsumer(bench, broker);
  consumer.kill("SIGTERM");
  await consumer.logged("stopping");
  const begin = performance.now();
  consumer.kill("SIGTERM");
  assertEquals(await consumer.ended, 143, consumer.output());
  assert(performance.now() - begin < 10_000, "it took its time");
});

Deno.test("G15 work that outlasts the grace period is given up: exit 1", async () => {
  await using bench = await openBench();
  await using broker = await openBench();
  await using consumer = await stuckConsumer(bench, broker, { SHUTDOWN_GRACE_SECONDS: "0" });
  consumer.kill("SIGTERM");
  assertEquals(await consumer.ended, 1, consumer.output());
  await consumer.logged("gave up work that did not finish within the grace period");
});

Deno.test("G16 a consumer may start before Redis: alive at once, ready and at work when Redis comes", async () => {
  await using bench = await openBench();
  await bench.publish(["job-0", "job-1"], 3);
  await bench.server.stop();
  await using consumer = startConsumer(bench, { HEALTH_PORT: "0" });
  const { port } = await consumer.logged("health server listens");
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { code: answer.status, body: await answer.json() };
  };
  assertEquals(await ask("/health"), { code: 200, body: { status: "ok" } });
  const notYet = await ask("/ready");
  assertEquals([notYet.code, notYet.body.status], [503, "not ready"]);
  assertEquals(Object.keys(notYet.body.dependencies), ["redis", "task broker"]);
  await bench.server.start();
  const ready = await until("ready", async () => {
    const answer = await ask("/ready");
    return answer.code === 200 && answer.body.details ? answer.body : null;
  });
  assertEquals(ready.dependencies, { "redis": "ok", "task broker": "ok" });
  assertEquals(Object.keys(ready.details.consumer), [
    "shards",
    "held_jobs",
    "lost_to_trimming",
    "near_trimming",
  ]);
  await assertTasks(bench, ["job-0", "job-1"], 3);
});

Deno.test("G16 a consumer that is stopped before Redis ever came exits with 0", async () => {
  await using bench = await openBench();
  await bench.server.stop();
  await using consumer = startConsumer(bench, { SHUTDOWN_GRACE_SECONDS: "8" });
  await consumer.logged("redis is unavailable, waiting for it");
  consumer.kill("SIGTERM");
  assertEquals(await consumer.ended, 0, consumer.output());
});

Deno.test("G14 a consumer refuses a Redis that evicts, and says what to set", async () => {
  await using bench = await openBench();
  await bench.redis.config("SET", "maxmemory-policy", "allkeys-lru");
  await using consumer = startConsumer(bench);
  assertEquals(await consumer.ended, 1);
  assert(
    consumer.output().includes("Set it to noeviction, or set REDIS_ALLOW_UNSAFE=true"),
    consumer.output(),
  );
  await using unsafe = startConsumer(bench, { REDIS_ALLOW_UNSAFE: "true" });
  await untilOwner(bench, unsafe, SHARDS);
});

Deno.test("a consumer with settings that cannot work names all of them and exits with 2", async () => {
  await using wrong = startProcess("workers/status_consumer/main.ts", {
    REDIS_URL: "http://:hush@cache",
    STREAM_NUM_SHARDS: "0",
    LEASE_TTL_MS: "soon",
    LOG_LEVEL: "chatty",
  });
  await using together = startProcess("workers/status_consumer/main.ts", {
    REDIS_URL: "redis+sentinel://h1:26379",
    TASK_BROKER_URL: "redis://cache/first",
    LEASE_TTL_MS: "1000",
    LEASE_REFRESH_INTERVAL_MS: "1000",
    LEASE_ACQUIRE_INTERVAL_MS: "2000",
  });
  assertEquals([await wrong.ended, await together.ended], [2, 2]);
  const expected: [TestProcess, string[]][] = [
    [wrong, [
      'REDIS_URL is "http://***@cache": expected',
      'STREAM_NUM_SHARDS is "0": expected',
      "LEASE_TTL_MS",
      "LOG_LEVEL",
    ]],
    [
      together,
      ["REDIS_URL", 'TASK_BROKER_URL cannot be used: Cannot read the Redis address: "/first"'].concat(
        ["LEASE_REFRESH_INTERVAL_MS is 1000: expected", "LEASE_ACQUIRE_INTERVAL_MS is 2000: expected"],
      ),
    ],
  ];
  for (const [process, faults] of expected) {
    assert(!process.output().includes("hush"), process.output());
    for (const fault of faults) {
      assert(process.output().includes(`\n  ${fault}`), `${fault}: ${process.output()}`);
    }
  }
});
