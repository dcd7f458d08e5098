import { assert, assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { silentLogger } from "lib/run/log.ts";
import { FencedShard } from "lib/stream/fence.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { TrimWatch } from "lib/stream/trim_watch.ts";
import { tempRedis } from "lib/testing/servers.ts";

const STREAM = "stream:0";
const LEASE = { shard: 0, leaseKey: "lease:0", epochKey: "epoch:0", replica: "r", epoch: 1 };

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis({ config: { "stream-node-max-entries": "10" } }));
  const redis = stack.use(openRedis(server.url, { name: "test", log: silentLogger }));
  await redis.mset("lease:0", "r", "epoch:0", 1);
  const shard = new FencedShard(redis, { stream: STREAM, group: "group", lease: LEASE });
  await shard.ensureGroup();
  return { redis, shard, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Adds entries `from` to `to`, as whoever writes the stream does. */
async function add(redis: Redis, from: number, to: number, maxlen = 1_000_000): Promise<void> {
  const batch = redis.pipeline();
  for (let n = from; n <= to; n++) batch.xadd(STREAM, "MAXLEN", "~", maxlen, `${n}-0`, "data", `${n}`);
  await batch.exec();
}

Deno.test("G8 entries trimmed before the group read them are told and counted, each once, and it reads on behind the gap", async () => {
  await using bench = await setup();
  const { redis, shard } = bench;
  await add(redis, 1, 30);
  assertEquals((await shard.take("0-0", 5)).unread, 0);
  await add(redis, 31, 100, 50);
  const first = Number((await redis.xrange(STREAM, "-", "+", "COUNT", 1))[0]?.[0].split("-")[0]);
  assert(first > 6, "nothing was trimmed");
  const gap = await shard.take("5-0", 5);
  assertEquals([gap.unread, gap.entries[0]?.id], [first - 6, `${first}-0`]);
  const last = gap.entries.at(-1)?.id ?? "";
  assertEquals((await shard.take(last, 1_000)).unread, 0);
  assertEquals((await shard.take("100-0", 10)).unread, 0);
  assertEquals(await shard.trimmed(), first - 6);
  await add(redis, 101, 110);
  await redis.xtrim(STREAM, "MAXLEN", 3);
  assertEquals([(await shard.take("100-0", 10)).unread, await shard.trimmed()], [7, first - 6 + 7]);
});

Deno.test("G8 entries trimmed before the group took its first one are told and counted", async () => {
  await using bench = await setup();
  const { redis, shard } = bench;
  await add(redis, 1, 30);
  await redis.xtrim(STREAM, "MINID", "21-0");
  const { entries, unread } = await shard.take("0-0", 5);
  assertEquals([entries[0]?.id, unread, await shard.trimmed()], ["21-0", 20, 20]);
  assertEquals((await shard.take("25-0", 5)).unread, 0);
});

Deno.test("G8 entries that were read, handled and then trimmed are no loss", async () => {
  await using bench = await setup();
  const { redis, shard } = bench;
  for (let start = 0; start < 200; start += 40) {
    await add(redis, start + 1, start + 40);
    const { entries, unread } = await shard.take(`${start}-0`, 1_000);
    assertEquals([unread, entries.length], [0, 40]);
    await shard.acknowledge(entries.map((entry) => entry.id), []);
    await redis.xtrim(STREAM, "MAXLEN", 5);
    assertEquals((await shard.take(`${start + 40}-0`, 1_000)).unread, 0);
  }
  assertEquals(await shard.trimmed(), 0);
});

Deno.test("G8 pending entries that were trimmed are counted with those that nobody read", async () => {
  await using bench = await setup();
  const { redis, shard } = bench;
  await add(redis, 1, 4);
  await shard.take("0-0", 4);
  await redis.xtrim(STREAM, "MINID", "3-0");
  const { trimmed, unread, entries } = await shard.take("0-0", 4);
  assertEquals([trimmed, unread, entries.length], [["1-0", "2-0"], 0, 2]);
  assertEquals(entries.map((entry) => entry.deliveries), [2, 2]);
  assertEquals(await shard.trimmed(), 2);
});

Deno.test("G4 G8 pending entries come before new ones, also behind as many trimmed ones as are taken at once", async () => {
  await using bench = await setup();
  const { redis, shard } = bench;
  await add(redis, 1, 4);
  await shard.take("0-0", 4);
  await add(redis, 5, 6);
  await redis.xtrim(STREAM, "MINID", "3-0");
  const taken: string[] = [];
  for (let i = 0; i < 4; i++) {
    const { entries } = await shard.take(taken.at(-1) ?? "0-0", 2);
    taken.push(...entries.map((entry) => entry.id));
  }
  assertEquals(taken, ["3-0", "4-0", "5-0", "6-0"]);
});

Deno.test("G8 TrimWatch sees a group of another consumer fall behind, also after entries were deleted one by one", async () => {
  await using bench = await setup();
  const { redis, shard } = bench;
  await redis.xgroup("CREATE", STREAM, "other", "0");
  await add(redis, 1, 90);
  await shard.take("0-0", 1_000);
  await redis.xreadgroup("GROUP", "other", "x", "COUNT", 5, "STREAMS", STREAM, ">");
  const watch = new TrimWatch(shard, { maxlen: 100, shard: 0, log: silentLogger });
  await watch.runOnce();
  assertEquals(watch.state.risk, { group: "other", unread: 85 });
  await redis.xdel(STREAM, "50-0");
  const lags = (await redis.xinfo("GROUPS", STREAM) as unknown[][]).map((group) =>
    group[group.indexOf("lag") + 1]
  );
  assertEquals(lags, [0, null]);
  await watch.runOnce();
  assertEquals(watch.state.risk, { group: "other", unread: 85 });
  await redis.xreadgroup("GROUP", "other", "x", "COUNT", 60, "STREAMS", STREAM, ">");
  await watch.runOnce();
  assertEquals(watch.state.risk, null);
});
