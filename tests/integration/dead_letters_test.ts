import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { silentLogger as log } from "lib/run/log.ts";
import { discard } from "lib/stream/dead_letters/discard.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { readRange } from "lib/stream/tail.ts";
import { MutedProxy } from "lib/testing/muted_proxy.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { DLQ, LASTING_LEASES, openBench, streamOf } from "./consumer_bench.ts";
import {
  allLetters,
  entriesOf,
  numbersIn,
  requeueAll,
  statusLetters,
  writeLetters,
} from "./dead_letters_bench.ts";

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  return { server, redis, letters: statusLetters(redis), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("G9 a poisoned job is mended: its letters go back, are handled once and in order, and others went on", async () => {
  await using bench = await openBench();
  const { redis } = bench;
  let broken = true;
  bench.consume("a", {
    before: (entries) => {
      if (broken && entries.some(({ event }) => event.job_id === "sick")) throw new Error("out of paper");
      return Promise.resolve();
    },
    settings: { ...LASTING_LEASES, RECLAIM_MAX_DELIVERIES: 1, HANDLER_RETRIES: 0 },
  });
  await bench.publish(["sick", "well"], 4);
  await until("dead-lettered", async () => await redis.xlen(DLQ) === 4);
  await until("handled", () => bench.handled.filter(({ jobId }) => jobId === "well").length === 4);
  assertEquals(bench.handled.filter(({ jobId }) => jobId === "sick"), []);
  const letters = await allLetters(statusLetters(redis));
  assertEquals(
    letters.map(({ jobId, fault, reason, error }) => [jobId, fault, reason, error]),
    Array(4).fill(["sick", null, "handler failed", "out of paper"]),
  );
  broken = false;
  const done = await requeueAll(statusLetters(redis), { filter: { jobId: "sick" } });
  assertEquals(done.map(({ outcome }) => outcome), Array(4).fill("requeued"));
  await until("handled", () => bench.handled.filter(({ jobId }) => jobId === "sick").length >= 4);
  await until("acknowledged", async () => await bench.pending() === 0);
  assertEquals(bench.handled.filter(({ jobId }) => jobId === "sick").map(({ n }) => n), [1, 2, 3, 4]);
  assertEquals(await redis.xlen(DLQ), 0);
});

Deno.test("G9 a letter goes back with its very bytes and the id its entry had at first", async () => {
  await using bench = await setup();
  const bytes = Buffer.from([0x7b, 0xff, 0x00, 0xfe, 0x0d, 0x0a]);
  const [id] = await writeLetters(bench.redis, { job: "job-0", n: 7, data: bytes });
  assertEquals((await requeueAll(bench.letters)).map(({ outcome, why }) => [outcome, why]), [
    ["refused", "it would only be dead-lettered again: its bytes are no UTF-8"],
  ]);
  assertEquals(await bench.redis.exists(streamOf("job-0")), 0);
  const [done] = await requeueAll(bench.letters, { force: true });
  assertEquals([done?.letter.id, done?.outcome], [id, "requeued"]);
  const [entry] = await entriesOf(bench.redis, streamOf("job-0"));
  assertEquals([...entry?.fields ?? []].map(([name, value]) => [name, value.toString("hex")]), [
    ["data", bytes.toString("hex")],
    ["requeued_from", Buffer.from("7-0").toString("hex")],
  ]);
  assertEquals(entry?.id, done?.entryId);
  assertEquals(await bench.redis.xlen(DLQ), 0);
});

Deno.test("G9 letters of a job go back in the order of their entries, in whatever order they were dead-lettered", async () => {
  await using bench = await setup();
  const order = [3, 1, 10, 2, 9, 700, 4];
  await writeLetters(bench.redis, ...order.flatMap((n) => [{ job: "a", n }, { job: "b", n }]));
  await requeueAll(bench.letters);
  for (const job of ["a", "b"]) assertEquals(await numbersIn(bench.redis, job), [1, 2, 3, 4, 9, 10, 700]);
});

Deno.test("G9 a letter does not overtake earlier ones of its job: it is refused, or takes them along", async () => {
  await using bench = await setup();
  const [one, two, three] = await writeLetters(bench.redis, ...[1, 2, 3].map((n) => ({ job: "a", n })));
  const filter = { ids: [three ?? ""] };
  const [refused] = await requeueAll(bench.letters, { filter });
  assertEquals(refused?.outcome, "refused");
  assert(refused?.why?.endsWith(`: ${one}, ${two}`), refused?.why ?? "");
  assertEquals(await bench.redis.xlen(DLQ), 3);
  assertEquals(
    (await requeueAll(bench.letters, { filter, withEarlier: true })).map(({ letter }) => letter.id),
    [one, two, three],
  );
  assertEquals(await numbersIn(bench.redis, "a"), [1, 2, 3]);
});

Deno.test("G9 operators who put the same letters back at the same time put each back once, in order", async () => {
  await using bench = await setup();
  await using other = openRedis(bench.server.url, { name: "other", log });
  const numbers = Array.from({ length: 1_200 }, (_, index) => index + 1);
  await writeLetters(bench.redis, ...numbers.flatMap((n) => [{ job: "a", n }, { job: "b", n }]));
  const results = await Promise.all(
    [bench.redis, other, bench.redis, other].map((redis) => requeueAll(statusLetters(redis))),
  );
  const requeued = results.flat().filter(({ outcome }) => outcome === "requeued").map(({ letter }) =>
    letter.id
  );
  assertEquals([requeued.length, new Set(requeued).size], [2_400, 2_400]);
  for (const job of ["a", "b"]) assertEquals(await numbersIn(bench.redis, job), numbers);
});

Deno.test("G9 a letter is put back once although the answer gets lost and the call is sent again", async () => {
  await using bench = await setup();
  await using proxy = new MutedProxy(bench.server.port);
  const url = `redis://:${bench.server.password}@127.0.0.1:${proxy.port}`;
  await using redis = openRedis(url, { name: "proxied", log, silenceMs: 150 });
  const ids = await writeLetters(bench.redis, { job: "a", n: 1 }, { job: "a", n: 2 });
  const letters = statusLetters(redis);
  const newest = await letters.newest();
  // The script waits until the connection has fallen silent.
  await bench.redis.client("PAUSE", 60_000, "WRITE");
  const answer = letters.putBack(streamOf("a"), ids, newest);
  await until("sent", async () => (await bench.redis.client("LIST") as string).includes("cmd=eval"));
  proxy.mute();
  await bench.redis.client("UNPAUSE");
  const entries = (await entriesAfter(bench.redis, 2)).map(({ id }) => id);
  assertEquals(await answer, entries);
  assertEquals(await numbersIn(bench.redis, "a"), [1, 2]);
  const [receipt = ""] = await bench.redis.keys("chris:receipt:*");
  assert(await bench.redis.ttl(receipt) > 500, "the answer waits for minutes");
});

async function entriesAfter(redis: Awaited<ReturnType<typeof setup>>["redis"], count: number) {
  await until("put back", async () => await redis.xlen(streamOf("a")) >= count);
  return await entriesOf(redis, streamOf("a"));
}

Deno.test("G9 letters that are dead-lettered while others go back are not overtaken either", async () => {
  await using bench = await setup();
  const [later] = await writeLetters(bench.redis, { job: "a", n: 5 });
  const newest = await bench.letters.newest();
  await writeLetters(bench.redis, { job: "a", n: 2 });
  assertEquals(await bench.letters.putBack(streamOf("a"), [later ?? ""], newest), "changed");
  assertEquals(await bench.redis.exists(streamOf("a")), 0);
  // The same in the middle of a whole requeue: the letter appears between its look round and its first step.
  const putBack = bench.letters.putBack.bind(bench.letters);
  let disturbed = false;
  bench.letters.putBack = async (...args) => {
    if (!disturbed) await writeLetters(bench.redis, { job: "a", n: 3 });
    disturbed = true;
    return await putBack(...args);
  };
  const done = await requeueAll(bench.letters, { filter: { ids: [later ?? ""] }, withEarlier: true });
  assertEquals(done.map(({ outcome }) => outcome), ["requeued", "requeued", "requeued"]);
  assertEquals(await numbersIn(bench.redis, "a"), [2, 3, 5]);
});

Deno.test("G9 a letter that two writings made of one entry is put back once", async () => {
  await using bench = await setup();
  await writeLetters(bench.redis, { job: "a", n: 1 }, { job: "a", n: 1 }, { job: "a", n: 2 });
  await requeueAll(bench.letters);
  assertEquals(await numbersIn(bench.redis, "a"), [1, 2]);
  assertEquals(await bench.redis.xlen(DLQ), 0);
});

Deno.test("G9 a dry run says what would happen and changes nothing", async () => {
  await using bench = await setup();
  await writeLetters(bench.redis, { job: "a", n: 1 }, { job: "b", n: 2, data: "no event" }, {
    job: "a",
    n: 3,
  });
  const before = await bench.redis.dumpBuffer(DLQ);
  const dry = await requeueAll(bench.letters, { dryRun: true });
  for await (const _ of discard(bench.letters, { filter: {}, dryRun: true }));
  assertEquals(await bench.redis.dumpBuffer(DLQ), before);
  assertEquals(await bench.redis.keys("*"), [DLQ]);
  const real = await requeueAll(bench.letters);
  const plain = (list: typeof dry) => list.map(({ letter, outcome, why }) => [letter.id, outcome, why]);
  assertEquals(plain(dry), plain(real));
  assertEquals(dry.map(({ outcome }) => outcome).sort(), ["refused", "requeued", "requeued"]);
});

Deno.test("G9 a letter from a stream that is none of ours is refused, whatever else is asked for", async () => {
  await using bench = await setup();
  await writeLetters(
    bench.redis,
    { job: "a", n: 1, stream: "somebody:elses" },
    { job: "a", n: 2, stream: "stream:job-status:8" },
    { job: "a", n: 3, originId: "soon" },
    { job: "a", n: 4, stream: streamOf("job-5") },
  );
  const done = await requeueAll(bench.letters, { force: true, withEarlier: true });
  assertEquals(done.map(({ outcome }) => outcome), Array(4).fill("refused"));
  assertEquals(await bench.redis.keys("*"), [DLQ]);
});

Deno.test("G4 readers take an entry that was put back for what it was, and are not led astray by a strange field", async () => {
  await using bench = await setup();
  await writeLetters(bench.redis, { job: "a", n: 7 });
  const [done] = await requeueAll(bench.letters);
  const strange = await bench.redis.xadd(streamOf("a"), "*", "data", "x", "requeued_from", "7-0; FLUSHALL");
  const positions: (string | null)[][] = [];
  for await (const page of readRange(bench.redis, streamOf("a"), { after: "0-0", until: "+" })) {
    positions.push(...page.map(({ id, position }) => [id, position]));
  }
  assertEquals(positions, [[done?.entryId ?? null, "7-0"], [strange, strange]]);
});
