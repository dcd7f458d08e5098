import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { runAsLeader } from "lib/stream/leader.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "./forwarder_bench.ts";

/** A lease that ends soon. */
const BRIEF_MS = 300;
/** A lease that nobody loses by being slow; it is renewed every 800 ms. */
const LASTING_MS = 4_000;

async function setup(ttlMs: number) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log: silentLogger }));
  /** Who works right now. */
  const working = new Set<string>();
  /** What was logged, with the name of who did. */
  const logged: string[] = [];
  const start = (replica: string, as = replica) => {
    const stop = new AbortController();
    const note = (_: unknown, message?: string) => void logged.push(`${as}: ${message}`);
    const options = { key: "leader", replica, ttlMs, log: { ...silentLogger, info: note, warn: note } };
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
  const untilLogged = (as: string, begin: string) =>
    until(`${as}: ${begin}`, () => logged.some((line) => line.startsWith(`${as}: ${begin}`)));
  return { server, redis, working, start, untilLogged, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("runAsLeader() lets one of several work, and the next as soon as it stops", async () => {
  await using bench = await setup(LASTING_MS);
  const end = bench.start("a");
  await until("leading", () => bench.working.has("a"));
  const leader = await bench.redis.get("leader");
  bench.start("b");
  await bench.untilLogged("b", "standing by");
  assertEquals([...bench.working], ["a"]);
  await end();
  assertEquals(bench.working.has("a"), false);
  assertNotEquals(await bench.redis.get("leader"), leader, "it let go of the lease");
  await until("taken over", () => bench.working.has("b"));
});

Deno.test("runAsLeader() lets another take over after the lease of one that went silent", async () => {
  await using bench = await setup(LASTING_MS / 4);
  await bench.redis.set("leader", "dead", "PX", 60_000);
  bench.start("b");
  await bench.untilLogged("b", "standing by");
  assertEquals([...bench.working], []);
  await bench.redis.pexpire("leader", 1);
  await until("taken over", () => bench.working.has("b"));
});

Deno.test("runAsLeader() lets one that comes back under its old name work at once", async () => {
  await using bench = await setup(LASTING_MS);
  await bench.redis.set("leader", "a:before", "PX", 600_000);
  bench.start("a");
  await until("leading", () => bench.working.has("a"));
});

Deno.test("runAsLeader() lets one lead of two that have one name, and the other stand by until it stops", async () => {
  await using bench = await setup(LASTING_MS);
  bench.start("a", "first");
  await until("leading", () => bench.working.has("first"));
  const end = bench.start("a", "second");
  await until("one of them leads", () => bench.working.has("second") && !bench.working.has("first"));
  const leader = await bench.redis.get("leader");
  await bench.untilLogged("first", "standing by");
  assertEquals([[...bench.working], await bench.redis.get("leader")], [["second"], leader]);
  await end();
  await until("taken over", () => bench.working.has("first"));
});

Deno.test("runAsLeader() stops the work when another has taken the lease, and gives the other's lease not away", async () => {
  await using bench = await setup(LASTING_MS / 4);
  bench.start("a");
  await until("leading", () => bench.working.has("a"));
  await bench.redis.set("leader", "b", "PX", 600_000);
  await until("stepped down", () => !bench.working.has("a"));
  await bench.untilLogged("a", "lost leadership");
  assertEquals(await bench.redis.get("leader"), "b");
});

Deno.test("runAsLeader() stops the work when Redis does not answer, and leads again after", async () => {
  await using bench = await setup(BRIEF_MS);
  bench.start("a");
  await until("leading", () => bench.working.has("a"));
  Deno.kill(bench.server.pid, "SIGSTOP");
  await until("stepped down", () => !bench.working.has("a"));
  Deno.kill(bench.server.pid, "SIGCONT");
  await until("leading again", () => bench.working.has("a"));
});

Deno.test("runAsLeader() rejects when the work fails, and lets go of the lease", async () => {
  await using bench = await setup(BRIEF_MS);
  const options = { key: "leader", replica: "a", ttlMs: 60_000, log: silentLogger };
  const { signal } = new AbortController();
  await assertRejects(
    () => runAsLeader(bench.redis, options, signal, () => Promise.reject(new Error("broken"))),
    Error,
    "broken",
  );
  assertEquals(await bench.redis.get("leader"), null);
});
