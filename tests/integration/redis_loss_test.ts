import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { WORKER_NAMES } from "lib/run/permissions.ts";
import { FencedShard } from "lib/stream/fence.ts";
import { LeaseLostError, ShardLeases } from "lib/stream/lease.ts";
import { LifeRecord } from "lib/stream/life_record.ts";
import { LogRecord } from "lib/stream/log_record.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import { until } from "lib/testing/until.ts";
import { openPipeline } from "./pipeline_bench.ts";
import { startProcess } from "./worker_process.ts";

/** Where Redis keeps what it was told since its last rewrite. */
const TAIL = "appendonlydir/appendonly.aof.1.incr.aof";

Deno.test({
  name: "G14 G6 FLUSHALL under load: what the runtime and Postgres hold is told again, without a restart",
  ignore: NO_DOCKER,
  fn: async () => {
    await using server = await tempRedis();
    await using redis = openRedis(server.url, { name: "test", log });
    await using pipeline = await openPipeline({ REDIS_URL: server.url });
    await pipeline.ready();
    const done = await pipeline.count("done", 3_000, 0);
    const across = await pipeline.count("across", 800, 0.01);
    await pipeline.complete(redis, [done]);
    await until("under load", async () => await pipeline.stored(across) > 100);
    for (let times = 0; times < 2; times++) {
      await redis.flushall(); // what is found after that was told again
      await pipeline.complete(redis, [done]);
    }
    await pipeline.complete(redis, [across]);
    await pipeline.stop();
  },
});

Deno.test({
  name: "G14 G6 a machine that loses power, and with it what Redis had not synced: all of that is told again",
  ignore: NO_DOCKER,
  fn: async () => {
    await using server = await tempRedis({ config: { "auto-aof-rewrite-percentage": "0" } });
    await using redis = openRedis(server.url, { name: "test", log });
    await using pipeline = await openPipeline({ REDIS_URL: server.url });
    await pipeline.ready();
    const across = await pipeline.count("across", 1_000, 0.01);
    await until("under load", async () => await pipeline.stored(across) > 100);
    const tail = `${server.logFile.slice(0, server.logFile.lastIndexOf("/"))}/${TAIL}`;
    const { size: synced } = await Deno.stat(tail);
    const lost = await pipeline.count("lost", 1_000, 0);
    await pipeline.complete(redis, [lost]);
    await server.kill();
    const { size: unsynced } = await Deno.stat(tail);
    assert(unsynced - synced > 100 * lost.count, `the streams lose it: ${unsynced - synced} bytes`);
    // In the middle of a command, as a disk would.
    await Deno.truncate(tail, synced + 7);
    await server.start();
    await pipeline.complete(redis, [lost, across]);
    await pipeline.stop();
  },
});

Deno.test({
  name: "G14 a task queue on a Redis of its own that loses all its tasks under load costs no state",
  ignore: NO_DOCKER,
  fn: async () => {
    await using server = await tempRedis();
    await using tasks = await tempRedis();
    await using redis = openRedis(server.url, { name: "test", log });
    await using broker = openRedis(tasks.url, { name: "test", log });
    await using pipeline = await openPipeline({ REDIS_URL: server.url, TASK_BROKER_URL: tasks.url });
    await pipeline.ready();
    const counters = [];
    for (let n = 1; n <= 12; n++) {
      counters.push(await pipeline.count(`brief-${n}`, 10, 0));
      await broker.flushall();
    }
    await pipeline.complete(redis, counters);
    await pipeline.stop();
  },
});

for (const name of WORKER_NAMES) {
  Deno.test(`G14 ${name} refuses a Redis that evicts, and says what to set`, async () => {
    await using server = await tempRedis({ config: { "maxmemory-policy": "allkeys-lru" } });
    await using worker = startProcess(`workers/${name}/main.ts`, {
      REDIS_URL: server.url,
      DB_DSN: "postgresql://nobody@127.0.0.1:9/none",
      LOG_STORE: "postgres",
      PFCON_URL: "http://127.0.0.1:9",
      PFCON_USER: "nobody",
      PFCON_PASSWORD: "nothing",
      DOCKER_HOST: "unix:///nonexistent/docker.sock",
      PORT: "0",
    });
    assertEquals(await worker.ended, 1);
    assert(worker.output().includes("Set it to noeviction, or set REDIS_ALLOW_UNSAFE=true"), worker.output());
  });
}

for (const name of ["status_consumer", "task_worker", "sse_service"]) {
  Deno.test(`G14 ${name} refuses a task queue on a Redis that evicts, though that of the streams is safe`, async () => {
    await using server = await tempRedis();
    await using tasks = await tempRedis({ config: { "maxmemory-policy": "allkeys-lru" } });
    await using worker = startProcess(`workers/${name}/main.ts`, {
      REDIS_URL: server.url,
      TASK_BROKER_URL: tasks.url,
      DB_DSN: "postgresql://nobody@127.0.0.1:9/none",
      LOG_STORE: "postgres",
      PFCON_URL: "http://127.0.0.1:9",
      PFCON_USER: "nobody",
      PFCON_PASSWORD: "nothing",
      PORT: "0",
    });
    await until("refused", () => worker.output().includes("Set it to noeviction, or set REDIS_ALLOW_UNSAFE"));
    assertEquals(await worker.ended, 1);
  });
}

/** Keys whose loss, each with all that was written after it, must be told from the others'. */
const RECORDS = ["chris:log-forwarder:cursor:c1", "chris:event-forwarder:published:c1"];

Deno.test("G14 G1 G3 what a forwarder published and the record of it are lost together, whenever Redis dies", async () => {
  await using server = await tempRedis({ config: { "auto-aof-rewrite-percentage": "0" } });
  await using redis = openRedis(server.url, { name: "test", log });
  const [logs, lives] = [new LogRecord(redis, "default"), new LifeRecord(redis, "default")];
  const tail = `${server.logFile.slice(0, server.logFile.lastIndexOf("/"))}/${TAIL}`;
  await redis.set("first", "1");
  const { size: start } = await Deno.stat(tail);
  const batch = { containerId: "c1", stream: "logs", maxlen: 100, closes: false };
  await logs.publish({ ...batch, entries: ["1", "2"], expected: null, next: "after 2" });
  const events = [{ id: "created", data: "{}" }, { id: "started", data: "{}" }];
  await lives.publish({ containerId: "c1", stream: "status", maxlen: 100, events, live: "started" });
  await server.stop();
  const whole = await Deno.readFile(tail);
  const found = new Set<string>();
  for (let size = whole.length; size >= start; size -= 37) {
    await Deno.writeFile(tail, whole.subarray(0, size));
    await server.start();
    const [lines, states] = [await redis.xlen("logs"), await redis.xlen("status")];
    const [cursor, published] = [await redis.exists(RECORDS[0] ?? ""), await redis.scard(RECORDS[1] ?? "")];
    assertEquals([cursor * 2, published], [lines, states], `after ${size - start} bytes`);
    found.add(`${lines} lines, ${states} states`);
    await server.kill();
  }
  assertEquals([...found], ["2 lines, 2 states", "2 lines, 0 states", "0 lines, 0 states"]);
});

Deno.test("G14 G4 an owner from before FLUSHALL is refused, although its successor has the same epoch", async () => {
  await using server = await tempRedis();
  await using redis = openRedis(server.url, { name: "test", log });
  const shardOf = async (replica: string) => {
    const held = Promise.withResolvers<FencedShard>();
    const stop = new AbortController();
    const options = { prefix: "chris:lease:g", replica, numShards: 1, ttlMs: 60_000, refreshMs: 30_000 };
    const leases = new ShardLeases(redis, async (lease, signal) => {
      assertEquals(lease.epoch, 1);
      held.resolve(new FencedShard(redis, { stream: "s", group: "g", lease }));
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    }, { ...options, acquireMs: 20, log });
    const running = leases.run(stop.signal);
    const shard = await held.promise;
    await shard.ensureGroup();
    const end = async () => {
      stop.abort();
      await running;
    };
    return { shard, [Symbol.asyncDispose]: end };
  };
  await using stale = await shardOf("host:1:aaaa");
  await redis.flushall();
  await using owner = await shardOf("host:1:bbbb");
  const id = await redis.xadd("s", "*", "data", "x") ?? "";
  await assertRejects(() => stale.shard.take("0-0", 10), LeaseLostError);
  assertEquals((await owner.shard.take("0-0", 10)).entries.length, 1);
  await assertRejects(() => stale.shard.acknowledge([id], []), LeaseLostError);
  await owner.shard.acknowledge([id], []);
});
