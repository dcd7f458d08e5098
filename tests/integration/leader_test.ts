import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { runAsLeader } from "lib/stream/leader.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "./forwarder_bench.ts";

const TTL_MS = 300;

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log: silentLogger }));
  /** Who works right now. */
  const working = new Set<string>();
  const start = (replica: string, as = replica) => {
    const stop = new AbortController();
    const options = { key: "leader", replica, ttlMs: TTL_MS, log: silentLogger };
    const done = runAsLeader(redis, options, stop.signal, async (signal) => {
      working.add(as);
      await sleep(60_000, signal);
      working.delete(as);
    });
    const end = async () => {
      stop.abort();
      await done;
    };
    stack.defer(end);
    return end;
  };
  return { server, redis, working, start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("runAsLeader() lets one of several work, and the next as soon as it stops", async () => {
  await using bench = await setup();
  const end = bench.start("a");
  await until("leading", () => bench.working.has("a"));
  bench.start("b");
  await sleep(2 * TTL_MS);
  assertEquals([...bench.working], ["a"]);
  await end();
  assertEquals(bench.working.has("a"), false);
  await until("taken over", () => bench.working.has("b"), 2 * TTL_MS);
});

Deno.test("runAsLeader() lets another take over after the lease of one that went silent", async () => {
  await using bench = await setup();
  await bench.redis.set("leader", "dead", "PX", TTL_MS);
  bench.start("b");
  await sleep(TTL_MS / 2);
  assertEquals([...bench.working], []);
  await until("taken over", () => bench.working.has("b"), 3 * TTL_MS);
});

Deno.test("runAsLeader() lets one that comes back under its old name work at once", async () => {
  await using bench = await setup();
  await bench.redis.set("leader", "a:before", "PX", 60_000);
  bench.start("a");
  await until("leading", () => bench.working.has("a"), 2_000);
});

Deno.test("runAsLeader() lets one lead of two that have one name, and the other stand by until it stops", async () => {
  await using bench = await setup();
  bench.start("a", "first");
  await until("leading", () => bench.working.has("first"));
  const end = bench.start("a", "second");
  await until("one of them leads", () => bench.working.has("second") && !bench.working.has("first"));
  const leader = await bench.redis.get("leader");
  await sleep(2 * TTL_MS);
  assertEquals([[...bench.working], await bench.redis.get("leader")], [["second"], leader]);
  await end();
  await until("taken over", () => bench.working.has("first"), 2 * TTL_MS);
});

Deno.test("runAsLeader() stops the work when another has taken the lease, and gives the other's lease not away", async () => {
  await using bench = await setup();
  bench.start("a");
  await until("leading", () => bench.working.has("a"));
  await bench.redis.set("leader", "b", "PX", 60_000);
  await until("stepped down", () => !bench.working.has("a"), 2 * TTL_MS);
  assertEquals(await bench.redis.get("leader"), "b");
});

Deno.test("runAsLeader() stops the work before its lease runs out when Redis does not answer, and leads again after", async () => {
  await using bench = await setup();
  bench.start("a");
  await until("leading", () => bench.working.has("a"));
  Deno.kill(bench.server.pid, "SIGSTOP");
  const began = performance.now();
  await until("stepped down", () => !bench.working.has("a"), 5_000);
  assert(performance.now() - began < TTL_MS + 100, "it stepped down in time");
  Deno.kill(bench.server.pid, "SIGCONT");
  await until("leading again", () => bench.working.has("a"), 5_000);
});

Deno.test("runAsLeader() rejects when the work fails, and lets go of the lease", async () => {
  await using bench = await setup();
  const options = { key: "leader", replica: "a", ttlMs: 60_000, log: silentLogger };
  const { signal } = new AbortController();
  await assertRejects(
    () => runAsLeader(bench.redis, options, signal, () => Promise.reject(new Error("broken"))),
    Error,
    "broken",
  );
  assertEquals(await bench.redis.get("leader"), null);
});
