import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Redis } from "ioredis";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { StreamTap } from "../chaos/observe/tap.ts";

const STREAM = "stream:job-logs:1";

/** A Redis with a tap on its streams. */
async function tapped(config: Record<string, string> = {}) {
  const server = await tempRedis({ config });
  const tap = new StreamTap({ redisUrl: server.url, shards: 2, wasInjected: (_, id) => id === "2-0" });
  const redis = new Redis(server.url, { retryStrategy: () => 50 });
  redis.on("error", () => {});
  return {
    server,
    tap,
    redis,
    add: (id: string) => redis.xadd(STREAM, id, "data", `d${id}`),
    seen: () => tap.entries.map(({ id, generation }) => `${generation}: ${id}`),
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      await tap[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("the tap sees every entry once, and which the harness added", async () => {
  await using all = await tapped();
  for (const id of ["1-0", "2-0", "3-0"]) await all.add(id);
  await until("all seen", () => all.tap.entries.length === 3);
  assertEquals(all.tap.entries.map(({ stream, data, injected }) => [stream, data, injected]), [
    [STREAM, "d1-0", false],
    [STREAM, "d2-0", true],
    [STREAM, "d3-0", false],
  ]);
});

Deno.test("the tap goes on after Redis was stopped and started, in the same generation", async () => {
  await using all = await tapped();
  await all.add("1-0");
  await until("the first seen", () => all.tap.entries.length === 1);
  await all.server.stop();
  await all.server.start();
  await all.add("3-0");
  await until("the second seen", () => all.tap.entries.length === 2);
  assertEquals(all.seen(), ["0: 1-0", "0: 3-0"]);
});

Deno.test("the tap begins a generation after FLUSHALL, also if new entries have greater ids", async () => {
  await using all = await tapped();
  await all.add("1-0");
  await until("the first seen", () => all.tap.entries.length === 1);
  await all.redis.multi().flushall().xadd(STREAM, "5-0", "data", "x").exec();
  await until("the second seen", () => all.tap.entries.length === 2);
  assertEquals(all.seen(), ["0: 1-0", "1: 5-0"]);
  assertEquals(all.tap.losses.length, 1);
});

Deno.test("the tap reads all anew when Redis comes back without its newest entries", async () => {
  await using all = await tapped({ appendfsync: "no", appendonly: "no" });
  await all.add("1-0");
  await until("the tap's mark there", async () => (await all.redis.keys("chaos:tap:*")).length === 1);
  await all.redis.save();
  await all.add("3-0");
  await until("both seen", () => all.tap.entries.length === 2);
  await all.server.kill();
  await all.server.start();
  await all.add("5-0");
  await until("all seen", () => all.tap.entries.length === 4);
  assertEquals(all.seen(), ["0: 1-0", "0: 3-0", "1: 1-0", "1: 5-0"]);
});

Deno.test("the tap keeps dead letters with their bytes, and knows which are there", async () => {
  await using all = await tapped();
  await all.redis.xadd(
    "stream:job-logs-dlq",
    "1-0",
    "data",
    Buffer.from([0x80, 0x7b]),
    "reason",
    "r",
  );
  await all.redis.xadd("stream:job-logs-dlq", "2-0", "data", "x");
  await until("both seen", () => all.tap.deadLetters.length === 2);
  await all.redis.xdel("stream:job-logs-dlq", "2-0");
  assertEquals(await all.tap.deadLettersNow(), [
    { stream: "stream:job-logs-dlq", id: "1-0", generation: 0, fields: { data: "\x80{", reason: "r" } },
  ]);
});
