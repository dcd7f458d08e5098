import { assertEquals } from "@std/assert";
import { modelConnection } from "lib/testing/redis_model/model_connection.ts";
import { RedisModel } from "lib/testing/redis_model/redis_model.ts";
import { FencedShard } from "./fence.ts";

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0, 7);

/** An owned shard in which `count` entries are taken. */
async function taken(count: number) {
  const redis = new RedisModel(() => NOW);
  const connection = modelConnection(redis, () => (execute) => Promise.resolve().then(execute));
  redis.execute("MSET", ["lease", "me", "epoch", "1"]);
  const lease = { shard: 0, leaseKey: "lease", epochKey: "epoch", replica: "me", epoch: 1 };
  const shard = new FencedShard(connection, { stream: "stream:0", group: "group", lease });
  await shard.ensureGroup();
  for (let n = 1; n <= count; n++) redis.execute("XADD", ["stream:0", "*", "data", `text ${n}`]);
  return { redis, shard, entries: (await shard.take("0-0", count)).entries };
}

Deno.test("a dead letter has all fields of the wire, its time in whole milliseconds in the first ten of a second, too", async () => {
  const { redis, shard, entries: [entry] } = await taken(1);
  if (!entry) throw new Error("Cannot go on: nothing was taken");
  const dead = { entry, reason: "handler failed", error: "no good", deliveries: 5, firstSeen: NOW - 60_000 };
  await shard.deadLetter(dead, { stream: "dlq", maxlen: 10 });
  const [[, fields]] = redis.execute("XRANGE", ["dlq", "-", "+"]) as [[string, string[]]];
  assertEquals(Object.fromEntries(Map.groupBy(fields, (_, at) => fields[at - at % 2])), {
    data: ["data", "text 1"],
    reason: ["reason", "handler failed"],
    origin_stream: ["origin_stream", "stream:0"],
    origin_id: ["origin_id", `${NOW}-0`],
    ts: ["ts", String(NOW)],
    error: ["error", "no good"],
    deliveries: ["deliveries", "5"],
    first_seen: ["first_seen", String(NOW - 60_000)],
  });
});

Deno.test("dead letters are kept up to their cap, the newest ones", async () => {
  const { redis, shard, entries } = await taken(15);
  for (const entry of entries) {
    const dead = { entry, reason: "undecodable", error: "no JSON", deliveries: 1, firstSeen: NOW };
    await shard.deadLetter(dead, { stream: "dlq", maxlen: 10 });
  }
  const letters = redis.execute("XRANGE", ["dlq", "-", "+"]) as [string, string[]][];
  assertEquals(letters.map(([, fields]) => fields[1]), entries.slice(5).map(({ data }) => String(data)));
});
