import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { writeDeadLetter } from "lib/stream/dead_letters/dead_letter.ts";
import { EntryWaiter } from "lib/stream/entry_waiter.ts";
import { duplicateRedis, openRedis } from "lib/stream/open_redis.ts";
import { type Publication, publishOnce } from "lib/stream/publish_once.ts";
import { acknowledgedUpTo, lastEntryId, readRange, tail } from "lib/stream/tail.ts";
import { MutedProxy } from "lib/testing/muted_proxy.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";

const never = new AbortController().signal;

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  const add = async (stream: string, ...texts: string[]) => {
    const ids: string[] = [];
    for (const text of texts) ids.push(await redis.xadd(stream, "*", "data", text) ?? "");
    return ids;
  };
  return { server, redis, add, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("G14 openRedis() connects again when the server falls silent without a word, and sends again", async () => {
  await using bench = await setup();
  await using proxy = new MutedProxy(bench.server.port);
  const url = `redis://:${bench.server.password}@127.0.0.1:${proxy.port}`;
  await using redis = openRedis(url, { name: "proxied", log, silenceMs: 500 });
  await redis.set("key", "before");
  proxy.mute();
  let answer: string | null = null;
  redis.get("key").then((text) => answer = text, () => {});
  await until("answered", () => answer === "before");
});

Deno.test("G14 openRedis() goes on asking a server that answers whether it is there", async () => {
  await using server = await tempRedis();
  await using redis = openRedis(server.url, { name: "test", log, silenceMs: 250 });
  const asked = async () =>
    Number(/cmdstat_ping:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  await redis.config("RESETSTAT");
  await until("asked a third time", async () => await asked() >= 3);
});

Deno.test("EntryWaiter wakes for an entry, and does not wait for ever on a connection that fell silent", async () => {
  await using bench = await setup();
  await using proxy = new MutedProxy(bench.server.port);
  const url = `redis://:${bench.server.password}@127.0.0.1:${proxy.port}`;
  await using redis = openRedis(url, { name: "proxied", log });
  const waiter = new EntryWaiter(redis, "stream");
  const waiting = waiter.wait("0-0", 60_000, never);
  const [first = ""] = await bench.add("stream", "one");
  await waiting;
  proxy.mute();
  await waiter.wait(first, 10, never);
  let woken = false;
  waiter.wait(first, 60_000, never).then(() => woken = true, () => {});
  await bench.add("stream", "two");
  await until("woken by the next entry", () => woken, 30_000);
  const stop = new AbortController();
  const stopped = waiter.wait("9999999999999-0", 60_000, stop.signal);
  stop.abort();
  await stopped;
});

Deno.test("publishOnce() adds in order, each event once, and tells where it went the first time", async () => {
  await using bench = await setup();
  const publication = (n: number, stream = "a"): Publication => {
    return { stream, maxlen: 100, memo: "memo:job", key: `event-${n}`, data: `data ${n}` };
  };
  let number = 0;
  const publish = async (...publications: Publication[]) => {
    const mark = { key: "mark", expected: `${number}`, next: `${++number}` };
    const published = await publishOnce(bench.redis, publications, mark);
    return "entryIds" in published ? published.entryIds : [];
  };
  const ids = await publish(publication(1), publication(2, "b"), publication(3));
  assertEquals(await publish(publication(3), publication(4), publication(1)), [
    ids[2] ?? "",
    await lastEntryId(bench.redis, "a"),
    ids[0] ?? "",
  ]);
  const texts = async (stream: string) =>
    (await bench.redis.xrange(stream, "-", "+")).map(([, fields]) => fields[1]);
  assertEquals([await texts("a"), await texts("b")], [["data 1", "data 3", "data 4"], ["data 2"]]);
  assertEquals(await publish(), []);
  const left = await bench.redis.ttl("memo:job");
  assert(left > 86_000 && left <= 86_400, `the memo lasts ${left} s`);
});

Deno.test("G14 publishOnce() does nothing but tell where Redis stands when that has gone back", async () => {
  await using bench = await setup();
  const publication: Publication = { stream: "a", maxlen: 100, memo: "memo", key: "1", data: "one" };
  const mark = (expected: string, next: string) => ({ key: "mark", expected, next });
  // Numbers as large as those in use: text in Redis, never rounded.
  await publishOnce(bench.redis, [publication], mark("0", "1768478400000001"));
  const behind = mark("1768478400000002", "1768478400000003");
  const again = { ...publication, key: "2" };
  assertEquals(await publishOnce(bench.redis, [again], behind), { lostAfter: "1768478400000001" });
  assertEquals(await bench.redis.xlen("a"), 1);
  // One that comes late does not take the mark back.
  await publishOnce(bench.redis, [again], mark("1768478400000001", "1768478400000009"));
  await publishOnce(bench.redis, [{ ...again, key: "3" }], mark("1768478400000001", "1768478400000004"));
  assertEquals(await bench.redis.get("mark"), "1768478400000009");
  assertEquals(await bench.redis.ttl("mark"), -1);
  await bench.redis.flushall();
  assertEquals(await publishOnce(bench.redis, [], mark("1", "1")), { lostAfter: "0" });
  await publishOnce(bench.redis, [], mark("0", "9"));
  assertEquals(
    await publishOnce(bench.redis, [], mark("10", "10")),
    { lostAfter: "9" },
    "as numbers, not texts",
  );
});

Deno.test("writeDeadLetter() writes the fields of a dead letter, in full", async () => {
  await using bench = await setup();
  const letter = {
    data: '{"a":1}',
    reason: "cannot be recorded",
    error: "no",
    originStream: "a",
    originId: "5-0",
    deliveries: 3,
    at: 1_768_478_400_000,
  };
  await writeDeadLetter(bench.redis, { stream: "dlq", maxlen: 10 }, letter);
  const [[, fields] = ["", []]] = await bench.redis.xrange("dlq", "-", "+");
  assertEquals(fields.filter((_, index) => index % 2 === 0), [
    ...["data", "reason", "origin_stream", "origin_id", "ts", "error", "deliveries", "first_seen"],
  ]);
  assertEquals(fields.filter((_, index) => index % 2 === 1), [
    ...['{"a":1}', "cannot be recorded", "a", "5-0", "1768478400000", "no", "3", "1768478400000"],
  ]);
});

Deno.test("G8 writeDeadLetter() calls it an outage when Redis refuses", async () => {
  await using bench = await setup();
  await bench.redis.config("SET", "min-replicas-to-write", "1");
  const letter = { data: "", reason: "", error: "", originStream: "", originId: "", deliveries: 1, at: 0 };
  await assertRejects(
    () => writeDeadLetter(bench.redis, { stream: "dlq", maxlen: 1 }, letter),
    OutageError,
    "Cannot write a dead letter",
  );
});

Deno.test("G8 G10 tail() follows streams through a restart of Redis, without gap or repeat", async () => {
  await using bench = await setup();
  await using reader = duplicateRedis(bench.redis);
  const [first = ""] = await bench.add("a", "a1");
  await bench.redis.xadd("a", "*", "other", "field");
  await bench.add("a", "a2");
  await bench.add("b", "b1");
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    const from = new Map([["a", first], ["b", "0-0"]]);
    for await (const batches of tail(reader, from, { signal: stop.signal, log, count: 1 })) {
      for (const { entries } of batches) seen.push(...entries.map((entry) => entry.data));
    }
  })();
  await until("read", () => seen.length === 2);
  await bench.server.stop();
  await bench.server.start();
  await bench.add("a", "a3");
  await bench.add("b", "b2");
  await until("read on", () => seen.length === 4);
  assertEquals(seen.filter((text) => text.startsWith("a")), ["a2", "a3"]);
  assertEquals(seen.filter((text) => text.startsWith("b")), ["b1", "b2"]);
  stop.abort();
  await following;
});

Deno.test("G15 tail() ends at once when told to stop, even while Redis is away", async () => {
  await using bench = await setup();
  await using reader = duplicateRedis(bench.redis);
  await bench.server.stop();
  const stop = new AbortController();
  let ended = false;
  tail(reader, new Map([["a", "0-0"]]), { signal: stop.signal, log }).next().then(({ done }) => {
    ended = done === true;
  }, () => {});
  stop.abort();
  await until("ended", () => ended);
});

Deno.test("readRange() gives what lies between two ids, the first not included, in pages", async () => {
  await using bench = await setup();
  const ids = await bench.add("a", "1", "2", "3", "4", "5", "6");
  const pages: string[][] = [];
  for await (
    const page of readRange(bench.redis, "a", { after: ids[0] ?? "", until: ids[4] ?? "", count: 3 })
  ) {
    pages.push(page.map((entry) => entry.data));
  }
  assertEquals(pages, [["2", "3", "4"], ["5"]]);
});

Deno.test("G9 readRange() gives what was put back from the dead letters with the place that it had at first", async () => {
  await using bench = await setup();
  const ids: (string | null)[] = [];
  for (const from of ["5-1", "no id"]) {
    ids.push(await bench.redis.xadd("a", "*", "data", "text", "requeued_from", from));
  }
  const pages = await Array.fromAsync(readRange(bench.redis, "a", { after: "0-0", until: "+" }));
  assertEquals(pages.flat().map(({ id, position }) => [id, position]), [[ids[0], "5-1"], [ids[1], ids[1]]]);
});

Deno.test("acknowledgedUpTo() is just before the first entry still under way, else the last one handed out", async () => {
  await using bench = await setup();
  const { redis } = bench;
  assertEquals(await acknowledgedUpTo(redis, "a", "group"), "0-0");
  assertEquals(await lastEntryId(redis, "a"), "0-0");
  for (const id of ["5-0", "5-1", "6-0", "7-3"]) await redis.xadd("a", id, "data", "x");
  await redis.xgroup("CREATE", "a", "group", "0");
  assertEquals(await acknowledgedUpTo(redis, "a", "group"), "0-0");
  assertEquals(await acknowledgedUpTo(redis, "a", "no such group"), "0-0");
  await redis.xreadgroup("GROUP", "group", "me", "COUNT", 3, "STREAMS", "a", ">");
  await redis.xack("a", "group", "5-0");
  assertEquals(await acknowledgedUpTo(redis, "a", "group"), "5-0");
  await redis.xack("a", "group", "5-1");
  assertEquals(await acknowledgedUpTo(redis, "a", "group"), "5-9007199254740991");
  await redis.xack("a", "group", "6-0");
  assertEquals(await acknowledgedUpTo(redis, "a", "group"), "6-0");
  await redis.xtrim("a", "MAXLEN", 0);
  assertEquals(await lastEntryId(redis, "a"), "7-3");
});
