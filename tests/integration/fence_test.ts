import { assertEquals, assertRejects } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { FencedShard } from "lib/stream/fence.ts";
import { LeaseLostError, type OwnShard, type ShardLease, ShardLeases } from "lib/stream/lease.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";

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

Deno.test("G4 a stale owner's acknowledgement, read and burial are refused and change nothing", async () => {
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
  const burial = { entry, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  const flags = [{ key: "flag", ttlSeconds: 10 }];
  for (const takeOver of [anotherReplica, theSameOneLater, nobody]) {
    await takeOver();
    await assertRejects(() => stale.acknowledge([first], flags), LeaseLostError, "Cannot acknowledge");
    await assertRejects(() => stale.take(first, 5), LeaseLostError, "Cannot take entries");
    await assertRejects(() => stale.bury(burial, DLQ), LeaseLostError, "dead letters");
  }
  assertEquals(await bench.pending(), [[first, "replica-1"]]);
  assertEquals(await bench.redis.exists("flag", DLQ.stream), 0);
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

Deno.test("an acknowledgement sets its flags, and may be long and repeated; so may a burial", async () => {
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
  const flags = [{ key: "flag-a", ttlSeconds: 100 }, { key: "flag-b", ttlSeconds: 200 }];
  for (let i = 0; i < 2; i++) await shard.acknowledge(others.map((entry) => entry.id), flags);
  assertEquals(await bench.redis.mget("flag-a", "flag-b"), ["1", "1"]);
  assertEquals([await bench.redis.ttl("flag-a") > 90, await bench.redis.ttl("flag-b") > 190], [true, true]);
  const burial = { entry: first, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  for (let i = 0; i < 2; i++) await shard.bury(burial, DLQ);
  assertEquals([await bench.pending(), await bench.redis.xlen(DLQ.stream)], [[], 1]);
});

Deno.test("G8 whatever Redis refuses is an outage, as no entry is at fault", async () => {
  await using bench = await setup();
  await bench.letOwn(1);
  const shard = bench.shardOf(1);
  await assertRejects(() => shard.take("0-0", 1), OutageError, "NOGROUP");
  await shard.ensureGroup();
  const [id = ""] = await bench.add("one");
  const { entries: [entry] } = await shard.take("0-0", 1);
  if (!entry) throw new Error("Cannot go on: nothing was taken");
  await bench.redis.config("SET", "min-replicas-to-write", "1");
  const burial = { entry, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  await assertRejects(() => shard.acknowledge([id], []), OutageError, "NOREPLICAS");
  await assertRejects(() => shard.take(id, 1), OutageError, "NOREPLICAS");
  await assertRejects(() => shard.bury(burial, DLQ), OutageError, "NOREPLICAS");
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
  const burial = { entry, reason: "r", error: "e", deliveries: 1, firstSeen: 1 };
  await assertRejects(() => shard.bury(burial, DLQ), OutageError, "dead letters");
  assertEquals((await bench.pending()).map(([id]) => id), ids);
});

/** A replica that shares three shards with others of its kind. */
function replicaOf(bench: Awaited<ReturnType<typeof setup>>, name: string, own: OwnShard, ttlMs = 10_000) {
  const stop = new AbortController();
  const leases = new ShardLeases(bench.redis, own, {
    prefix: "leases",
    replica: name,
    numShards: 3,
    ttlMs,
    refreshMs: 100,
    acquireMs: 50,
    log,
  });
  return { leases, stop, done: leases.run(stop.signal) };
}

Deno.test("G4 a shard whose work ends slowly after its lease was lost does not cost the other leases", async () => {
  await using bench = await setup();
  const release = Promise.withResolvers<void>();
  const { leases, stop, done } = replicaOf(bench, "slow", async (_lease, signal) => {
    await sleep(60_000, signal);
    await release.promise;
  }, 1_000);
  await until("owner of all", () => leases.owned.length === 3);
  await bench.redis.set("leases:lease:1", "thief", "PX", 60_000);
  await until("aware of the loss", () => leases.owned.length === 2);
  await sleep(1_500); // longer than a lease lasts unless it is refreshed
  assertEquals(leases.owned, [0, 2]);
  assertEquals(await bench.redis.mget("leases:epoch:0", "leases:epoch:1", "leases:epoch:2"), ["1", "1", "1"]);
  assertEquals(await bench.redis.mget("leases:lease:0", "leases:lease:2"), ["slow", "slow"]);
  release.resolve();
  stop.abort();
  await done;
  assertEquals(await bench.redis.keys("leases:lease:*"), ["leases:lease:1"]);
});

Deno.test("G4 work that ends by itself, even at once, is begun again in a new epoch", async () => {
  await using bench = await setup();
  const epochs: number[] = [];
  const { leases, stop, done } = replicaOf(bench, "hasty", async (lease, signal) => {
    if (lease.shard === 0) epochs.push(lease.epoch);
    if (lease.shard === 0 && lease.epoch < 3) throw new Error("no luck");
    await sleep(60_000, signal);
  });
  await until("begun for the third time", () => epochs.length === 3);
  assertEquals(epochs, [1, 2, 3]);
  await until("owner of all", () => leases.owned.length === 3);
  stop.abort();
  await done;
  assertEquals(leases.owned, []);
});

Deno.test("G4 each shard has one worker at a time while replicas come and go", async () => {
  await using bench = await setup();
  const working = new Map<number, string>();
  const clashes: string[] = [];
  const own = (name: string): OwnShard => async ({ shard }, signal) => {
    if (working.has(shard)) clashes.push(`${name} on ${shard} beside ${working.get(shard)}`);
    working.set(shard, name);
    await sleep(60_000, signal);
    await sleep(20);
    working.delete(shard);
  };
  const a = replicaOf(bench, "a", own("a"));
  await until("owner of all", () => a.leases.owned.length === 3);
  const b = replicaOf(bench, "b", own("b"));
  await until("shared", () => b.leases.owned.length === 1 && a.leases.owned.length === 2);
  const c = replicaOf(bench, "c", own("c"));
  await until("shared by three", () => [a, b, c].every(({ leases }) => leases.owned.length === 1));
  for (const { stop, done } of [a, b]) {
    stop.abort();
    await done;
  }
  await until("owner of all again", () => c.leases.owned.length === 3);
  c.stop.abort();
  await c.done;
  assertEquals([clashes, working.size], [[], 0]);
  assertEquals(await bench.redis.keys("leases:[lh]*"), []);
});
