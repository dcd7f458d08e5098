import { assert, assertEquals } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { type GroupMember, sentinelGroup } from "lib/testing/sentinel.ts";
import { NO_DOCKER } from "lib/testing/test_containers.ts";
import { until } from "lib/testing/until.ts";
import { type Counter, openPipeline, type Pipeline, SHARDS } from "./pipeline_bench.ts";
import { readEvents } from "./sse_bench.ts";

/** From the death of a primary to the first line that is stored again (ms); the README names it. */
const RECOVERY_MS = 30_000;

/** How many entries of a stream this server holds, whatever the others do. */
async function lengthAt(server: GroupMember, stream: string): Promise<number> {
  return Number(/:(\d+)\r\n$/.exec(await server.ask("XLEN", stream))?.[1]);
}

/** Sentinel cuts the connections of whom it deposes, also the one that asks. */
async function isReplica(server: GroupMember): Promise<boolean> {
  return /role:slave/.test(await server.ask("INFO", "replication").catch(() => ""));
}

/** What a client that connects now is told of a job up to its last line: lines, and `gap` for what is missing. */
async function follow(pipeline: Pipeline, { jobId, count }: Counter): Promise<string[]> {
  const port = await until("listening", async () => {
    return /"port":(\d+),"msg":"listens"/.exec(await pipeline.output("sse_service"))?.[1];
  });
  const events = await readEvents(`http://127.0.0.1:${port}/events/${jobId}/logs`, {
    enough: ({ event, data }) => event === "logs" && JSON.parse(data).line === String(count),
  });
  return events.filter(({ event }) => event !== "caught-up")
    .map(({ event, data }) => event === "logs" ? JSON.parse(data).line : event);
}

Deno.test({
  name:
    "G14 G10 G8 a primary that dies under load: all workers and a client go on, and nothing is missing in the end",
  ignore: NO_DOCKER,
  fn: async () => {
    await using group = await sentinelGroup({ downAfterMs: 2_000 });
    await using redis = openRedis(group.url, { name: "test", log });
    await using pipeline = await openPipeline({ REDIS_URL: group.url });
    await pipeline.ready();
    const slow = await pipeline.count("slow", 1_500, 0.01);
    const fast = await pipeline.count("fast", 20_000, 0);
    const told = follow(pipeline, slow);
    await until(
      "under load",
      async () => await pipeline.stored(slow) > 200 && await pipeline.stored(fast) > 0,
    );
    const first = await until("agreed", () => group.primary());
    const [killedAt, before] = [performance.now(), await pipeline.stored(slow)];
    await first.kill();
    const born = await pipeline.count("born-in-the-outage", 3_000, 0);
    await until("recovered", async () => await pipeline.stored(slow) > before + 300, RECOVERY_MS);
    console.log(`recovered after ${Math.round(performance.now() - killedAt)} ms`);
    await pipeline.complete(redis, [slow, fast, born]);
    assertEquals(await told, Array.from({ length: slow.count }, (_, n) => String(n + 1)));
    await pipeline.stop();
  },
});

Deno.test({
  name:
    "G14 G6 what a primary took and had not passed on when it died is told again: lines, states, confirmations",
  ignore: NO_DOCKER,
  fn: async () => {
    // A replica that was cut off for ten times as long is not promoted any more.
    await using group = await sentinelGroup({ downAfterMs: 5_000 });
    await using redis = openRedis(group.url, { name: "test", log });
    await using pipeline = await openPipeline({ REDIS_URL: group.url });
    await pipeline.ready();
    const across = await pipeline.count("across", 1_200, 0.01);
    await until("under load", async () => await pipeline.stored(across) > 100);
    await group.cut();
    const lost = await pipeline.count("lost", 2_000, 0);
    await pipeline.complete(redis, [lost]);
    const first = await until("agreed", () => group.primary());
    const stream = shardKey("stream:job-logs", shardOf(lost.jobId, SHARDS));
    const held = await Promise.all(group.servers.map((server) => lengthAt(server, stream)));
    assertEquals(held.filter((length) => length > lost.count).length, 1, "only the primary has it");
    await first.kill();
    await group.mend();
    const next = await until("failed over", () => group.primary());
    assert(next.port !== first.port);
    const born = await pipeline.count("born-after-it", 300, 0);
    await until("recovered", async () => await pipeline.stored(born) === born.count, RECOVERY_MS);
    await pipeline.complete(redis, [across, lost, born]);
    await pipeline.stop();
  },
});

Deno.test({
  name:
    "G14 a primary that was frozen, deposed and goes on with its old connections costs nothing in the end",
  ignore: NO_DOCKER,
  fn: async () => {
    await using group = await sentinelGroup({ downAfterMs: 2_000 });
    await using redis = openRedis(group.url, { name: "test", log });
    await using pipeline = await openPipeline({ REDIS_URL: group.url });
    await pipeline.ready();
    const across = await pipeline.count("across", 2_000, 0.01);
    await until("under load", async () => await pipeline.stored(across) > 100);
    const first = await until("agreed", () => group.primary());
    first.freeze();
    await until("failed over", async () => {
      const primary = await group.primary();
      return primary && primary.port !== first.port;
    });
    const begun = await pipeline.stored(across);
    first.thaw();
    const brief = await pipeline.count("told-to-the-deposed", 500, 0);
    await until("deposed", () => isReplica(first));
    await until("recovered", async () => await pipeline.stored(across) > begun + 300, RECOVERY_MS);
    await pipeline.complete(redis, [across, brief]);
    await pipeline.stop();
  },
});

Deno.test({
  name:
    "G16 G15 workers come before the sentinels, become ready with them, and stop with 0 while there is no primary",
  ignore: NO_DOCKER,
  fn: async () => {
    await using group = await sentinelGroup({ watched: false });
    await using redis = openRedis(group.url, { name: "test", log });
    await using pipeline = await openPipeline({ REDIS_URL: group.url });
    await until("waiting", async () => /redis is unavailable/.test(await pipeline.output("log_consumer")));
    await group.watch();
    await pipeline.ready();
    const counter = await pipeline.count("counted", 200, 0);
    await pipeline.complete(redis, [counter]);
    await pipeline.count("across", 10_000, 0.01);
    await Promise.all(group.servers.map((server) => server.kill()));
    await pipeline.stop();
  },
});

for (
  const [name, config, boundMs] of [
    ["until Sentinel deposes it", {}, 20_000],
    // A busy machine counts the replicas late; without the setting it is ten seconds and more.
    ["for a second at most with min-replicas-to-write", { "min-replicas-to-write": "1" }, 4_000],
  ] as const
) {
  Deno.test(`G14 a frozen primary that comes back after a failover takes writes, which are lost, ${name}`, async () => {
    await using group = await sentinelGroup({ config });
    const first = await until("agreed", () => group.primary());
    await first.ask("SET", "before", "1");
    await until("passed on", async () => {
      const values = await Promise.all(group.servers.map((server) => server.ask("GET", "before")));
      return values.every((value) => value === "$1\r\n1\r\n");
    });
    first.freeze();
    await until("failed over", async () => {
      const primary = await group.primary();
      return primary && primary.port !== first.port;
    });
    const thawedAt = performance.now();
    first.thaw();
    let lastTakenMs = 0;
    await until("deposed", async () => {
      const askedMs = performance.now() - thawedAt;
      if (await first.ask("SET", "lost", "1").then(() => true, () => false)) lastTakenMs = askedMs;
      return await isReplica(first);
    });
    console.log(`took writes for ${Math.round(lastTakenMs)} ms`);
    assert(lastTakenMs < boundMs, `it took writes for ${lastTakenMs} ms`);
    await using redis = openRedis(group.url, { name: "test", log });
    assertEquals(await redis.mget("before", "lost"), ["1", null]);
  });
}
