import { assert, assertEquals } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { Replicas } from "lib/stream/replicas.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";

const PREFIX = "chris:lease:group[1]";

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  let time = 0;
  const replicaOf = (replica: string) =>
    new Replicas(redis, {
      prefix: PREFIX,
      replica,
      numShards: 4,
      ttlMs: 60_000,
      searchMs: 1_000,
      now: () => time,
    });
  return {
    redis,
    replicaOf,
    pass: (ms: number) => void (time += ms),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("Replicas counts itself and others of ours as they come, leave or fall silent", async () => {
  await using bench = await setup();
  const [a, b, c] = [bench.replicaOf("a"), bench.replicaOf("b"), bench.replicaOf("c")];
  assertEquals(await a.count(), 1);
  await b.beat();
  await c.beat();
  assertEquals(await a.count(), 3);
  // Its heartbeat runs out, as if it had said nothing for so long.
  assertEquals(await bench.redis.pexpire(`${PREFIX}:heartbeat:c`, 1), 1);
  const [seconds] = await bench.redis.time();
  const runsOut = Number(await bench.redis.zscore(`${PREFIX}:replicas`, "c")) - Number(seconds) * 1_000;
  assert(runsOut > 30_000 && runsOut <= 61_000, `it lasts ${runsOut} ms`);
  await bench.redis.zincrby(`${PREFIX}:replicas`, -runsOut - 1_000, "c");
  await until("only two", async () => await a.count() === 2);
  await b.leave();
  assertEquals(await a.count(), 1);
  await a.leave();
  assertEquals(await bench.redis.keys("*"), []);
});

Deno.test("G4 Replicas counts those of the reference: owners at once, others at the next search", async () => {
  await using bench = await setup();
  const a = bench.replicaOf("a");
  const beat = (name: string) => bench.redis.set(`${PREFIX}:heartbeat:${name}`, "1", "PX", 60_000);
  await beat("cube:1");
  assertEquals(await a.count(), 2);
  await beat("cube:2");
  await beat("cube:3");
  await bench.redis.set("chris:lease:group1:heartbeat:other", "1");
  await bench.redis.set(`${PREFIX}:lease:3`, "cube:2", "PX", 60_000);
  assertEquals(await a.count(), 3);
  bench.pass(1_000);
  assertEquals(await a.count(), 4);
  await bench.redis.del(`${PREFIX}:heartbeat:cube:2`, `${PREFIX}:heartbeat:cube:3`);
  assertEquals(await a.count(), 2);
});

Deno.test("Replicas beats with a key of its own, which the reference counts", async () => {
  await using bench = await setup();
  await bench.replicaOf("a").beat();
  assertEquals(await bench.redis.get(`${PREFIX}:heartbeat:a`), "1");
  const left = await bench.redis.pttl(`${PREFIX}:heartbeat:a`);
  assert(left > 30_000 && left <= 60_000, `it lasts ${left} ms`);
});
