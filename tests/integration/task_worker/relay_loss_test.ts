import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Redis } from "ioredis";
import { Buffer } from "node:buffer";
import { silentLogger as log } from "lib/run/log.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { Relay } from "../../../workers/task_worker/relay.ts";
import { benchOfFile, eventually, forgetAll } from "./bench.ts";
import { crashEverywhere, FaultPoints, InjectedCrash } from "./fault_points.ts";
import { assertSent, confirm, OPTIONS, sent, unpublished, whileRelaying } from "./relay_bench.ts";

const bench = benchOfFile();

/** All that Redis holds, but for times of expiry. */
async function snapshot(redis: Redis): Promise<Map<string, Buffer>> {
  const keys = await redis.keys("*");
  return new Map(await Promise.all(keys.map(async (key) => [key, await dumped(redis, key)] as const)));
}

async function dumped(redis: Redis, key: string): Promise<Buffer> {
  return await redis.dumpBuffer(key) ?? Buffer.alloc(0);
}

/** Takes Redis back to that moment. */
async function restore(redis: Redis, moment: ReadonlyMap<string, Buffer>): Promise<void> {
  await redis.flushall();
  for (const [key, data] of moment) await redis.restore(key, 0, data);
}

Deno.test("G6 G14 Relay publishes again what Redis forgot, noted or not, in order and before what is new", async () => {
  const { sql, redis } = bench;
  for (const jobId of ["trial-1", "trial-2"]) {
    for (let index = 0; index < 3; index++) await confirm(sql, jobId, index);
  }
  await new Relay(sql, redis, OPTIONS).runOnce();
  await confirm(sql, "trial-1", 3);
  const points = new FaultPoints((what) => what === "after eval");
  await assertRejects(() => new Relay(sql, points.redis(redis), OPTIONS).runOnce(), InjectedCrash);
  assertEquals((await sent(bench, "trial-1", "stream:job-status")).length, 4);
  await redis.flushall();
  await confirm(sql, "trial-1", 4);
  await whileRelaying([new Relay(sql, redis, OPTIONS)], async () => {
    await eventually(async () => (await sent(bench, "trial-1", "stream:job-status")).length === 5);
    await eventually(async () => await unpublished(bench) === 0);
  });
  await assertSent(bench, "trial-1");
  await assertSent(bench, "trial-2");
});

Deno.test("G6 G14 Relay notices a loss although nothing new is to go out, and by itself", async () => {
  const { sql, redis } = bench;
  for (let index = 0; index < 600; index++) await confirm(sql, "trial-1", index);
  await whileRelaying([new Relay(sql, redis, OPTIONS), new Relay(sql, redis, OPTIONS)], async () => {
    await eventually(async () => await unpublished(bench) === 0);
    await redis.flushall();
    await eventually(async () => (await sent(bench, "trial-1", "stream:job-status")).length === 600);
    await eventually(async () => await unpublished(bench) === 0);
  });
  await assertSent(bench, "trial-1");
});

Deno.test("G6 G14 Relay publishes again what went out in the day before a loss, and nothing older", async () => {
  const { sql, redis } = bench;
  for (const [index, hours] of [25, 23].entries()) {
    await confirm(sql, "trial-1", index);
    await new Relay(sql, redis, OPTIONS).runOnce();
    await sql`
      UPDATE job_outbox SET published_at = now() - ${hours} * interval '1 hour'
      WHERE published_at > now() - interval '1 hour'`;
  }
  const [, younger] = await sent(bench, "trial-1", "stream:job-status");
  await redis.flushall();
  await new Relay(sql, redis, OPTIONS).runOnce();
  assertEquals(await sent(bench, "trial-1", "stream:job-status"), [younger]);
});

Deno.test("G6 G14 Relay publishes again just what a Redis lost that went back in time", async () => {
  const { sql, redis } = bench;
  const relay = new Relay(sql, redis, OPTIONS);
  const times: Map<string, Buffer>[] = [];
  for (let index = 0; index < 5; index++) {
    await confirm(sql, "trial-1", index);
    await relay.runOnce();
    times.push(await snapshot(redis));
  }
  for (const [time, before] of times.entries()) {
    await restore(redis, before);
    await relay.runOnce();
    const stream = shardKey("stream:job-status", shardOf("trial-1", 2));
    assertEquals(await redis.xlen(stream), 5, `back at the time of ${time + 1} events`);
    await assertSent(bench, "trial-1");
  }
});

Deno.test("G6 G14 Relay forgets no loss, wherever it dies while it makes it good", async () => {
  const { sql, redis } = bench;
  const points = await crashEverywhere({
    prepare: async () => {
      await forgetAll(bench);
      for (let index = 0; index < 3; index++) await confirm(sql, "trial-1", index);
      await new Relay(sql, redis, OPTIONS).runOnce();
      await redis.flushall();
    },
    task: async (points) => {
      await new Relay(points.sql(sql), points.redis(redis), OPTIONS).runOnce();
    },
    check: async (where) => {
      assertEquals(await unpublished(bench), 0, where);
      await assertSent(bench, "trial-1");
    },
  });
  assert(points.length > 10, points.join("\n"));
});

Deno.test("G6 G14 Relay makes good what went to a primary that was deposed, while another one took the rest", async () => {
  const { sql, redis } = bench;
  await using deposed = await tempRedis();
  await using other = openRedis(deposed.url, { name: "deposed", log });
  const [right, wrong] = [new Relay(sql, redis, OPTIONS), new Relay(sql, other, OPTIONS)];
  for (let index = 0; index < 12; index++) {
    await confirm(sql, "trial-1", index);
    await (index % 3 === 1 ? wrong : right).runOnce();
  }
  await right.runOnce();
  await assertSent(bench, "trial-1");
});
