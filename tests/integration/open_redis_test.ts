import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Logger, silentLogger as log } from "lib/run/log.ts";
import { duplicateRedis, openRedis, requireSafeRedis, UnsafeRedisError } from "lib/stream/open_redis.ts";
import { TaskQueue, taskWorker } from "lib/task/queue.ts";
import { type GroupMember, type SentinelGroup, sentinelGroup } from "lib/testing/sentinel.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { z } from "@zod/zod";
import { BackgroundProcess } from "../../deploy/dev/services/background_process.ts";
import { workerArgs } from "../../workers/worker_command.ts";

const never = new AbortController().signal;

/** A logger whose messages are kept. */
function recorder() {
  const lines: { level: string; text: string }[] = [];
  const at = (level: string) => (...args: unknown[]) =>
    void lines.push({ level, text: args.map((part) => typeof part === "string" ? part : "").join("") });
  const kept = { debug: () => {}, info: () => {}, warn: at("warn"), error: at("error") } as Logger;
  return { lines, log: kept };
}

async function primaryOf(group: SentinelGroup): Promise<GroupMember> {
  return await until("agreed", () => group.primary());
}

/** Waits for another primary than `before`. */
async function successorOf(group: SentinelGroup, before: GroupMember): Promise<GroupMember> {
  const isOther = async () => {
    const primary = await group.primary();
    return primary && primary.port !== before.port ? primary : undefined;
  };
  return await until("failed over", isOther);
}

Deno.test("G14 a connection, and one that blocks, leave a primary that is frozen for good", async () => {
  await using group = await sentinelGroup();
  await using redis = openRedis(group.url, { name: "test", log, silenceMs: 1_000 });
  await using reader = duplicateRedis(redis);
  // Whoever is slow counts as silent, too: each may have been added twice.
  const before = await redis.xadd("s", "*", "data", "before") ?? "";
  const first = await primaryOf(group);
  const reading = reader.xread("BLOCK", 0, "STREAMS", "s", before);
  await until("blocked", async () => /blocked_clients:1/.test(await redis.info("clients")));
  first.freeze();
  await successorOf(group, first);
  await redis.xadd("s", "*", "data", "after");
  const [[, [[, fields] = []] = []] = []] = await reading as unknown as [string, [string, string[]][]][];
  assertEquals(fields, ["data", "after"]);
});

Deno.test("G14 a connection passes over a sentinel that is frozen, and over one that is dead", async () => {
  await using group = await sentinelGroup();
  const [one, two] = group.sentinels;
  one?.freeze();
  await two?.kill();
  await using redis = openRedis(group.url, { name: "test", log });
  let answer = "";
  redis.ping().then((text) => answer = text);
  await until("answered", () => answer === "PONG");
});

Deno.test("G14 a worker that may not reach the next primary says so, and names the setting", async () => {
  await using group = await sentinelGroup({ downAfterMs: 3_000 }); // the first one stays until it is killed
  const env = {
    REDIS_URL: group.url.replaceAll("127.0.0.1", "localhost"), // whose permission is not that of 127.0.0.1
    SENTINEL_MASTER_HOSTS: `127.0.0.1:${group.servers[0]?.port}`,
    DOCKER_HOST: "unix:///nonexistent/docker.sock",
  };
  const dir = await Deno.makeTempDir();
  const args = await workerArgs("event_forwarder", env);
  const logFile = `${dir}/log`;
  const worker = new BackgroundProcess({ name: "worker", command: Deno.execPath(), args, env, logFile });
  try {
    const said = (text: string) => async () =>
      (await Deno.readTextFile(logFile).catch(() => "")).includes(text);
    await until("leading", said('"msg":"leading"'));
    await group.servers[0]?.kill();
    const next = await primaryOf(group);
    await until("told", said(`127.0.0.1:${next.port}`));
    await until("told", said("name this host in SENTINEL_MASTER_HOSTS"));
    assertEquals((await worker.stop(20_000)).code, 0, await worker.logTail());
  } finally {
    await worker.stop(0);
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("G14 G8 a primary that is made a replica says READONLY: what was sent is sent again to the next one", async () => {
  await using group = await sentinelGroup();
  await using redis = openRedis(group.url, { name: "test", log });
  await using queue = new TaskQueue<{ n: number }>(redis, "tasks");
  const done: number[] = [];
  const stop = new AbortController();
  await using other = openRedis(group.url, { name: "worker", log });
  const running = taskWorker(other, "tasks", {
    schema: z.object({ n: z.number() }),
    handler: ({ n }) => Promise.resolve(void done.push(n)),
    concurrency: 1,
    log,
  }).run(stop.signal);
  const put = (n: number) => queue.put([{ id: `task-${n}`, payload: { n } }]);
  await put(1);
  await until("at work", () => done.length === 1);
  const before = await primaryOf(group);
  // A failover that somebody asks for: the old primary lives on, as a replica.
  await until("asked for", async () => {
    const asked = await group.sentinels[0]?.ask("SENTINEL", "FAILOVER", "mymaster").catch(String) ?? "";
    return !/NOGOODSLAVE/.test(asked);
  });
  for (let n = 2; n < 200 && done.length < 150; n++) await put(n);
  const next = await successorOf(group, before);
  // Sentinel does so only seconds later, and whoever is still connected would be served as ever until then.
  await before.ask("REPLICAOF", "127.0.0.1", `${next.port}`);
  await put(1_000);
  await until("done by the next", () => done.includes(1_000));
  stop.abort();
  await running;
});

Deno.test("G14 G8 what a replica refuses is sent again until it is a primary, or another one is", async () => {
  await using server = await tempRedis();
  await using redis = openRedis(server.url, { name: "test", log });
  await using other = openRedis(server.url, { name: "other", log });
  await other.call("REPLICAOF", "127.0.0.1", "1");
  const writing = redis.set("key", "value");
  await until("refused", async () => (await other.info("errorstats")).includes("errorstat_READONLY"));
  await other.call("REPLICAOF", "NO", "ONE");
  assertEquals(await writing, "OK");
});

Deno.test("G14 a Redis that evicts is refused, also behind Sentinel; one that evicts after a failover is told of", async () => {
  await using group = await sentinelGroup({ downAfterMs: 3_000 }); // the first one stays until it is killed
  await using redis = openRedis(group.url, { name: "test", log });
  const first = await primaryOf(group);
  const { lines, log: kept } = recorder();
  const ask = (allowUnsafe: boolean) => requireSafeRedis(redis, { allowUnsafe, log: kept, signal: never });
  await first.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  await assertRejects(() => ask(false), UnsafeRedisError, 'maxmemory-policy is "allkeys-lru"');
  await ask(true);
  assertEquals(lines.map(({ level }) => level), ["warn", "warn"], "unsafe, and no min-replicas-to-write");
  await first.ask("CONFIG", "SET", "maxmemory-policy", "noeviction");
  lines.length = 0;
  await ask(false);
  for (const server of group.servers.filter(({ port }) => port !== first.port)) {
    await server.ask("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
  }
  await first.kill();
  await until(
    "told",
    () => lines.some(({ level, text }) => level === "error" && text.includes("volatile-ttl")),
  );
});

Deno.test("G14 a user who may not ask how Redis keeps data is let in with a warning", async () => {
  await using server = await tempRedis();
  await using admin = openRedis(server.url, { name: "admin", log });
  await admin.call("ACL", "SETUSER", "plain", "on", ">pw", "~*", "&*", "+@all", "-info", "-config");
  const { lines, log: kept } = recorder();
  await using redis = openRedis(`redis://plain:pw@127.0.0.1:${server.port}`, { name: "plain", log });
  await requireSafeRedis(redis, { allowUnsafe: false, log: kept, signal: never });
  assertEquals(lines.length, 1);
  assert(lines[0]?.text.includes("allow this user INFO"), lines[0]?.text);
});

Deno.test("G14 a Redis without append-only file is warned about", async () => {
  await using server = await tempRedis({ config: { appendonly: "no" } });
  await using redis = openRedis(server.url, { name: "test", log });
  const { lines, log: kept } = recorder();
  await requireSafeRedis(redis, { allowUnsafe: false, log: kept, signal: never });
  assertEquals(lines.map(({ level, text }) => [level, text.includes("appendonly yes")]), [["warn", true]]);
});
