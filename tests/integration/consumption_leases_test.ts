import { assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { silentLogger as log } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { type OwnShard, ShardLeases } from "lib/stream/lease.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";

interface Bench extends AsyncDisposable {
  readonly redis: Redis;
}

async function setup(): Promise<Bench> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  return { redis, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const TTL_MS = 20_000;

/** A replica that shares three shards with others of its kind. */
function replicaOf(bench: Bench, name: string, own: OwnShard) {
  const stop = new AbortController();
  const leases = new ShardLeases(bench.redis, own, {
    prefix: "leases",
    replica: name,
    numShards: 3,
    ttlMs: TTL_MS,
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
  });
  await until("owner of all", () => leases.owned.length === 3);
  await bench.redis.set("leases:lease:1", "thief", "PX", 60_000);
  await until("aware of the loss", () => leases.owned.length === 2);
  for (const shard of [0, 2]) {
    await bench.redis.pexpire(`leases:lease:${shard}`, TTL_MS / 2);
    await until("prolonged", async () => await bench.redis.pttl(`leases:lease:${shard}`) > TTL_MS / 2);
  }
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
