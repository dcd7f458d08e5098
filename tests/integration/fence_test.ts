import { assertEquals, assertRejects } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { FencedShard, GroupGoneError } from "lib/stream/fence.ts";
import { LeaseLostError, type ShardLease } from "lib/stream/lease.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";

const STREAM = "stream:job-status:0";
const GROUP = "status-consumer-group";
const DLQ = { stream: "dlq", maxlen: 10 };

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  /** The shard as its `epoch`th owner holds it; Redis knows nothing of it yet. */
  const shardOf = (epoch: number, replica = `replica-${epoch}`) => {
    const lease: ShardLease = { shard: 0, leaseKey: "lease:0", epochKey: "epoch:0", replica, epoch };
    return new FencedShard(redis, { stream: STREAM, group: GROUP, lease });
  };
  const letOwn = async (epoch: number, replica = `replica-${epoch}`) => {
    await redis.mset("lease:0", replica, "epoch:0", epoch);
  };
  const add = async (...texts: string[]) => {
    const ids: string[] = [];
    for (const text of texts) ids.push(await redis.xadd(STREAM, "*", "data", text) ?? "");
    return ids;
  };
  const pending = async () => {
    const entries = await redis.xpending(STREAM, GROUP, "-", "+", 100) as [string, string][];
    return entries.map(([id, owner]) => [id, owner]);
  };
  return { redis, shardOf, letOwn, add, pending, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("G4 a stale owner's acknowledgement, read and dead-lettering are refused and change nothing", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  const stale = bench.shardOf(1);
  await stale.ensureGroup();
  const [first = ""] = await bench.add("one", "two");
  const { entries: [entry] } = await stale.take("0-0", 1);
  if (!entry) throw new Error("Cannot go on: nothing was taken");
  const anotherReplica = () => bench.letOwn(2, "replica-2");
  const theSameOneLater = () => bench.letOwn(2, "replica-1");
  const nobody = async () => void await bench.redis.del("lease:0");
  const dead = { entry, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  const flags = [{ key: "flag", ttlSeconds: 10 }];
  for (const takeOver of [anotherReplica, theSameOneLater, nobody]) {
    await takeOver();
    await assertRejects(() => stale.acknowledge([first], flags), LeaseLostError, "Cannot acknowledge");
    await assertRejects(() => stale.take(first, 5), LeaseLostError, "Cannot take entries");
    await assertRejects(() => stale.deadLetter(dead, DLQ), LeaseLostError, "dead letters");
    await assertRejects(() => stale.begin(), LeaseLostError, "Cannot begin");
    await assertRejects(() => stale.noteCrashes(first, 1), LeaseLostError, "handled alone");
  }
  assertEquals(await bench.pending(), [[first, "replica-1"]]);
  assertEquals(await bench.redis.exists("flag", DLQ.stream), 0);
});

Deno.test("G9 an entry put back from the dead letters and dead-lettered again keeps the id it had at first", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  const shard = bench.shardOf(1);
  await shard.ensureGroup();
  await bench.redis.xadd(STREAM, "*", "data", "bytes", "requeued_from", "7-3");
  await bench.redis.xadd(STREAM, "*", "data", "bytes", "requeued_from", "nonsense");
  const { entries } = await shard.take("0-0", 2);
  assertEquals(entries.map(({ requeuedFrom }) => requeuedFrom), ["7-3", null]);
  for (const entry of entries) {
    await shard.deadLetter({ entry, reason: "r", error: "e", deliveries: 1, firstSeen: 1 }, DLQ);
  }
  const letters = await bench.redis.xrange(DLQ.stream, "-", "+");
  assertEquals(letters.map(([, fields]) => fields[fields.indexOf("origin_id") + 1]), ["7-3", entries[1]?.id]);
  assertEquals(await bench.pending(), []);
});

Deno.test("G4 a new owner takes all that is pending, in order, before anything new", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  await bench.shardOf(1).ensureGroup();
  const ids = await bench.add("one", "two", "three", "four", "five");
  await bench.shardOf(1).take("0-0", 3);
  await bench.shardOf(1).acknowledge([ids[1] ?? ""], []);
  await bench.letOwn(2);
  const taken: string[] = [];
  for (let i = 0; i < 4; i++) {
    const { entries } = await bench.shardOf(2).take(taken.at(-1) ?? "0-0", 1);
    taken.push(...entries.map((entry) => entry.id));
  }
  assertEquals(taken, [ids[0], ids[2], ids[3], ids[4]]);
  assertEquals((await bench.pending()).map(([, owner]) => owner), Array(4).fill("replica-2"));
});

Deno.test("G4 entries whose answer got lost with the connection are taken again before later ones", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  const shard = bench.shardOf(1);
  await shard.ensureGroup();
  const ids = await bench.add("one", "two", "three", "four");
  const { entries: [first] } = await shard.take("0-0", 1);
  // What Redis did for a call of which the client never heard.
  await bench.redis.xreadgroup("GROUP", GROUP, "replica-1", "COUNT", 2, "STREAMS", STREAM, ">");
  const next = await shard.take(first?.id ?? "", 10);
  assertEquals(next.entries.map((entry) => entry.id), [ids[1], ids[2]]);
  const last = await shard.take(ids[2] ?? "", 10);
  assertEquals(last.entries.map((entry) => entry.id), [ids[3]]);
});

Deno.test("an entry tells how often it was taken, and which entry it was before it was put back", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  await bench.shardOf(1).ensureGroup();
  await bench.add("one");
  await bench.redis.xadd(STREAM, "*", "data", "two", "requeued_from", "5-1");
  const told = async () => {
    const { entries } = await bench.shardOf(1).take("0-0", 10);
    return entries.map(({ data, deliveries, requeuedFrom }) => [String(data), deliveries, requeuedFrom]);
  };
  assertEquals(await told(), [["one", 1, null], ["two", 1, "5-1"]]);
  assertEquals(await told(), [["one", 2, null], ["two", 2, "5-1"]]);
});

Deno.test("G9 owners that vanish without a word are counted until one acknowledges or says that it has ended", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  await bench.shardOf(1).ensureGroup();
  const [id = ""] = await bench.add("one");
  const vanished: number[] = [];
  for (const epoch of [1, 2, 3]) {
    await bench.letOwn(epoch);
    for (let i = 0; i < 2; i++) vanished.push((await bench.shardOf(epoch).begin()).vanished);
  }
  assertEquals(vanished, [0, 0, 1, 1, 2, 2]);
  await bench.shardOf(1).end(); // it was only slow
  await bench.shardOf(3).noteCrashes(id, 1);
  assertEquals(await bench.shardOf(3).begin(), { vanished: 1, accused: 1 });
  await bench.shardOf(3).noteCrashes(id, 0);
  await bench.shardOf(3).take("0-0", 1);
  await bench.shardOf(3).acknowledge([id], []);
  assertEquals(await bench.shardOf(3).begin(), { vanished: 0, accused: 0 });
});

Deno.test("pending entries that were trimmed away are reported, and pending no more", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  await bench.shardOf(1).ensureGroup();
  const ids = await bench.add("one", "two", "three");
  await bench.shardOf(1).take("0-0", 3);
  await bench.redis.xtrim(STREAM, "MINID", ids[2] ?? "");
  const { entries, trimmed } = await bench.shardOf(1).take("0-0", 10);
  assertEquals([entries.map((entry) => entry.id), trimmed], [[ids[2]], [ids[0], ids[1]]]);
  assertEquals((await bench.pending()).map(([id]) => id), [ids[2]]);
});

Deno.test("an acknowledgement sets its flags, and may be long and repeated; so may a dead-lettering", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  const shard = bench.shardOf(1);
  await shard.ensureGroup();
  const batch = bench.redis.pipeline();
  for (let i = 0; i < 2_501; i++) batch.xadd(STREAM, "*", "data", `${i}`);
  await batch.exec();
  const { entries } = await shard.take("0-0", 2_501);
  const [first, ...others] = entries;
  if (!first) throw new Error("Cannot go on: nothing was taken");
  const flags = Array.from({ length: 6 }, (_, at) => ({ key: `flag-${at}`, ttlSeconds: 100 * (at + 1) }));
  for (let i = 0; i < 2; i++) await shard.acknowledge(others.map((entry) => entry.id), flags);
  for (const { key, ttlSeconds } of flags) {
    const ttl = await bench.redis.ttl(key);
    assertEquals([await bench.redis.get(key), ttl > ttlSeconds - 10, ttl <= ttlSeconds], ["1", true, true]);
  }
  const dead = { entry: first, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  for (let i = 0; i < 2; i++) await shard.deadLetter(dead, DLQ);
  assertEquals([await bench.pending(), await bench.redis.xlen(DLQ.stream)], [[], 1]);
});

Deno.test("G8 whatever Redis refuses is an outage, as no entry is at fault; a group that is gone is told apart", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  const shard = bench.shardOf(1);
  await assertRejects(() => shard.take("0-0", 1), GroupGoneError, "Cannot take entries");
  await assertRejects(() => shard.lastDeliveredId(), GroupGoneError, "Cannot look at the consumer group");
  await shard.ensureGroup();
  const [id = ""] = await bench.add("one");
  const { entries: [entry] } = await shard.take("0-0", 1);
  if (!entry) throw new Error("Cannot go on: nothing was taken");
  await bench.redis.config("SET", "min-replicas-to-write", "1");
  const dead = { entry, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  await assertRejects(() => shard.acknowledge([id], []), OutageError, "NOREPLICAS");
  await assertRejects(() => shard.take(id, 1), OutageError, "NOREPLICAS");
  await assertRejects(() => shard.deadLetter(dead, DLQ), OutageError, "NOREPLICAS");
  await assertRejects(() => shard.ensureGroup(), OutageError, "NOREPLICAS");
  assertEquals((await bench.pending()).map(([id]) => id), [id]);
});

Deno.test("G9 an entry that cannot be written to the dead letters stays pending", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  const shard = bench.shardOf(1);
  await shard.ensureGroup();
  const ids = await bench.add("one");
  const { entries: [entry] } = await shard.take("0-0", 1);
  if (!entry) throw new Error("Cannot go on: nothing was taken");
  await bench.redis.set(DLQ.stream, "no stream");
  const dead = { entry, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  await assertRejects(() => shard.deadLetter(dead, DLQ), OutageError, "dead letters");
  assertEquals((await bench.pending()).map(([id]) => id), ids);
});
