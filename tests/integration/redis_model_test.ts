import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { silentLogger as log } from "lib/run/log.ts";
import { FencedShard, GroupGoneError } from "lib/stream/fence.ts";
import { LeaseLostError } from "lib/stream/lease.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { modelConnection } from "lib/testing/redis_model/model_connection.ts";
import { RedisModel } from "lib/testing/redis_model/redis_model.ts";
import { tempRedis } from "lib/testing/servers.ts";

const STREAM = "stream";
const GROUP = "group";
const DLQ = "dlq";

/** One thing done to a Redis; what it answers must be the same from the real one and from the model. */
interface Step {
  readonly name: string;
  readonly act: (redis: Redis) => Promise<unknown>;
  [fc.toStringMethod](): string;
}

function step(name: string, act: Step["act"]): Step {
  return { name, act, [fc.toStringMethod]: () => name };
}

function command(...words: (string | number)[]): Step {
  return step(words.join(" "), (redis) => redis.call(String(words[0]), ...words.slice(1)));
}

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const id = fc.tuple(fc.integer({ min: 1, max: 25 }), fc.nat(1)).map(([ms, seq]) => `${ms}-${seq}`);
const count = oneOf(1, 2, 3, 100);
const consumer = oneOf("a", "b");
const plainKey = oneOf("lease", "epoch", "other");

const commands: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: id.map((id) => command("XADD", STREAM, id, "data", `text ${id}`)) },
  { weight: 1, arbitrary: id.map((id) => command("XADD", STREAM, "MAXLEN", "~", 4, id, "data", "x")) },
  { weight: 2, arbitrary: oneOf("0", "0", "$", "5-0").map((id) => group("CREATE", id, "MKSTREAM")) },
  {
    weight: 4,
    arbitrary: fc.tuple(consumer, count).map(([who, n]) =>
      command("XREADGROUP", "GROUP", GROUP, who, "COUNT", n, "STREAMS", STREAM, ">")
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(consumer, id, count, oneOf("", "("))
      .map(([who, from, n, open]) =>
        command("XAUTOCLAIM", STREAM, GROUP, who, 0, `${open}${from}`, "COUNT", n)
      ),
  },
  { weight: 3, arbitrary: fc.tuple(id, id).map(([a, b]) => command("XACK", STREAM, GROUP, a, b)) },
  { weight: 1, arbitrary: oneOf(0, 2, 5).map((n) => command("XTRIM", STREAM, "MAXLEN", n)) },
  { weight: 1, arbitrary: id.map((id) => command("XTRIM", STREAM, "MINID", id)) },
  { weight: 1, arbitrary: id.map((id) => command("XDEL", STREAM, id)) },
  { weight: 1, arbitrary: id.map((id) => command("XRANGE", STREAM, `(${id}`, "+", "COUNT", 2)) },
  { weight: 1, arbitrary: id.map((id) => command("XREAD", "COUNT", 1, "STREAMS", STREAM, id)) },
  { weight: 1, arbitrary: id.map((id) => command("XGROUP", "SETID", STREAM, GROUP, id, "ENTRIESREAD", 3)) },
  { weight: 1, arbitrary: oneOf(group("DESTROY"), command("FLUSHALL"), command("DEL", STREAM)) },
  {
    weight: 2,
    arbitrary: fc.tuple(plainKey, oneOf("r1", "1", "2")).map(([key, value]) => command("SET", key, value)),
  },
  {
    weight: 1,
    arbitrary: plainKey.map((key) => command("SET", key, "r2", "NX", "PX", 60_000)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(oneOf("DEL", "GET", "EXISTS", "INCR"), plainKey).map((words) => command(...words)),
  },
  { weight: 1, arbitrary: oneOf(0, 50_000).map((ms) => command("PEXPIRE", "lease", ms)) },
  { weight: 1, arbitrary: oneOf(1, 2).map((n) => command("HSET", "hash", "field", n)) },
  { weight: 1, arbitrary: oneOf("HGET", "HDEL").map((name) => command(name, "hash", "field")) },
  { weight: 1, arbitrary: oneOf("a", "b").map((member) => command("ZADD", "set", 5, member)) },
  { weight: 1, arbitrary: oneOf("ZREM", "SET").map((name) => command(name, "set", "a")) },
  {
    weight: 1,
    arbitrary: oneOf(command("ZREMRANGEBYSCORE", "set", "-inf", 5), command("ZRANGE", "set", 0, -1)),
  },
);

function group(action: string, ...words: string[]): Step {
  return command("XGROUP", action, STREAM, GROUP, ...words);
}

const owner = step("become owner", (redis) => redis.call("MSET", "lease", "r1", "epoch", "1"));

/** What consumers do, with the scripts they do it with. */
const calls: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(id, count).map(([after, n]) =>
    step(`take ${n} after ${after}`, async (redis) => {
      const { entries, ...rest } = await shardOn(redis).take(after, n);
      return { entries: entries.map(({ id, data, deliveries }) => [id, String(data), deliveries]), ...rest };
    })
  ),
  fc.tuple(id, id).map((ids) =>
    step(
      `acknowledge ${ids}`,
      (redis) => shardOn(redis).acknowledge(ids, [{ key: "flag", ttlSeconds: 60 }]),
    )
  ),
  fc.tuple(id, fc.nat(2)).map(([id, count]) =>
    step(`note ${count} crashes of ${id}`, async (redis) => {
      await shardOn(redis).noteCrashes(id, count);
      return [await shardOn(redis).crashesOf(id), await shardOn(redis).trimmed()];
    })
  ),
  fc.constant(step("begin", (redis) => shardOn(redis).begin())),
  fc.constant(step("end", (redis) => shardOn(redis).end())),
  fc.constant(step("backlog", (redis) => shardOn(redis).backlog())),
  id.map((id) =>
    step(`dead-letter ${id}`, (redis) => {
      const entry = { id, data: new Uint8Array([0xff, 0x61]), fields: [], deliveries: 1, requeuedFrom: null };
      const dead = { entry, reason: "r", error: "é", deliveries: 1, firstSeen: 2 };
      return shardOn(redis).deadLetter(dead, { stream: DLQ, maxlen: 2 });
    })
  ),
);

function shardOn(redis: Redis): FencedShard {
  const lease = { shard: 0, leaseKey: "lease", epochKey: "epoch", replica: "r1", epoch: 1 };
  return new FencedShard(redis, { stream: STREAM, group: GROUP, lease });
}

/** Answers and refusals in a form that can be compared: no times, no order of fields. */
async function outcomeOf(redis: Redis, { act }: Step): Promise<unknown> {
  try {
    return await act(redis);
  } catch (error) {
    if (error instanceof LeaseLostError) return "fenced";
    if (error instanceof GroupGoneError) return "group gone";
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `refused: ${
      /(NOGROUP|BUSYGROUP|WRONGTYPE|smaller|not an integer|requires the key)/.exec(String(cause))?.[0]
    }`;
  }
}

/** Everything that can be seen, but for times. */
async function stateOf(redis: Redis): Promise<unknown> {
  const keys = (await redis.call("KEYS", "*") as string[]).toSorted();
  const state: Record<string, unknown> = { keys };
  for (const key of ["lease", "epoch", "other", "flag"]) {
    state[key] = [
      await redis.call("GET", key).catch(String),
      Math.sign(Number(await redis.call("PTTL", key))),
    ];
  }
  if (keys.includes(STREAM)) {
    state.entries = await redis.call("XRANGE", STREAM, "-", "+");
    const info = fieldsOf(await redis.call("XINFO", "STREAM", STREAM));
    for (
      const name of ["length", "last-generated-id", "entries-added", "max-deleted-entry-id", "first-entry"]
    ) {
      state[name] = info[name];
    }
    state.groups = await redis.call("XINFO", "GROUPS", STREAM);
    const pending = await redis.call("XPENDING", STREAM, GROUP, "-", "+", 100).catch(() => []) as unknown[][];
    state.pending = pending.map(([id, consumer, , deliveries]) => [id, consumer, deliveries]);
    state.summary = await redis.call("XPENDING", STREAM, GROUP).catch(() => null);
  }
  if (keys.includes(DLQ)) {
    const letters = await redis.call("XRANGE", DLQ, "-", "+") as [string, string[]][];
    state.letters = letters.map(([, fields]) => ({ ...fieldsOf(fields), ts: null }));
  }
  return state;
}

function fieldsOf(list: unknown): Record<string, unknown> {
  const fields = list as unknown[];
  return Object.fromEntries(
    fields.flatMap((name, index) => index % 2 ? [] : [[String(name), fields[index + 1]]]),
  );
}

Deno.test("RedisModel answers as Redis does, and holds the same after any commands and scripts of ours", async () => {
  await using server = await tempRedis({ config: { "stream-node-max-entries": "1" } });
  await using redis = openRedis(server.url, { name: "test", log });
  const steps = fc.oneof(
    { weight: 6, arbitrary: commands },
    { weight: 2, arbitrary: calls },
    { weight: 1, arbitrary: fc.constant(owner) },
  );
  const property = fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (steps) => {
    await redis.flushall();
    const model = modelConnection(
      new RedisModel(Date.now),
      () => (execute) => Promise.resolve().then(execute),
    );
    const done: string[] = [];
    for (const step of [group("CREATE", "0", "MKSTREAM"), owner, ...steps]) {
      done.push(step.name);
      const [real, modelled] = [await outcomeOf(redis, step), await outcomeOf(model, step)];
      assertEquals(modelled, real, done.join("; "));
    }
    assertEquals(await stateOf(model), await stateOf(redis), done.join("; "));
  });
  await fc.assert(property, { numRuns: 150 });
});
