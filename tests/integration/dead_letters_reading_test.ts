import { assert, assertEquals } from "@std/assert";
import { encodeStatusEvent } from "lib/event/codec.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { discard } from "lib/stream/dead_letters/discard.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { DLQ, eventOf, streamOf } from "./consumer_bench.ts";
import { allLetters, entriesOf, requeueAll, statusLetters, writeLetters } from "./dead_letters_bench.ts";

async function setup() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  return { redis, letters: statusLetters(redis), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("G9 10,000 letters are read in pages, each once, although some of them are a megabyte long", async () => {
  await using bench = await setup();
  const long = (job: string) => encodeStatusEvent({ ...eventOf(job, 1), cmd: "x".repeat(1_000_000) });
  for (let from = 0; from < 10_000; from += 500) {
    await writeLetters(
      bench.redis,
      ...Array.from({ length: 500 }, (_, index) => ({
        job: `job-${index % 7}`,
        n: from + index + 1,
        ...(from === 5_000 && index < 20 ? { data: long(`job-${index % 7}`) } : {}),
      })),
    );
  }
  const seen: string[] = [];
  let largest = 0;
  for await (const page of bench.letters.pages()) {
    seen.push(...page.map(({ originId }) => originId));
    largest = Math.max(largest, page.reduce((sum, { size }) => sum + size, 0));
  }
  assertEquals(seen, Array.from({ length: 10_000 }, (_, index) => `${index + 1}-0`));
  assert(largest < 2_100_000, `a page had ${largest} bytes`);
  assertEquals((await allLetters(bench.letters, { jobId: "job-3" })).length, 20 * 71);
});

Deno.test("G9 letters are found by id, job, origin, text of reason or error, and time of dead-lettering", async () => {
  await using bench = await setup();
  await writeLetters(
    bench.redis,
    { job: "a", n: 1, id: "1000-0" },
    { job: "b", n: 2, id: "2000-0", reason: "undecodable", error: "Not JSON" },
    { job: "a", n: 3, id: "2000-1", error: "Paper jam" },
    { job: "b", n: 4, id: "3000-0", stream: "elsewhere:1" },
  );
  const found = async (filter: Parameters<typeof allLetters>[1]) =>
    (await allLetters(bench.letters, filter)).map(({ id }) => id);
  assertEquals(await found({ jobId: "a" }), ["1000-0", "2000-1"]);
  assertEquals(await found({ ids: ["3000-0", "1000-0", "9-9"] }), ["1000-0", "3000-0"]);
  assertEquals(await found({ origin: "elsewhere:1" }), ["3000-0"]);
  assertEquals(await found({ reason: "UNDECOD" }), ["2000-0"]);
  assertEquals(await found({ reason: "paper jam" }), ["2000-1"]);
  assertEquals(await found({ since: 2000 }), ["2000-0", "2000-1", "3000-0"]);
  assertEquals(await found({ until: 2000 }), ["1000-0"]);
  assertEquals(await found({ since: 2000, until: 3000, jobId: "b" }), ["2000-0"]);
  assertEquals(await found({ upTo: "2000-0" }), ["1000-0", "2000-0"]);
  assertEquals((await bench.letters.find("2000-1"))?.error, "Paper jam");
  assertEquals(await bench.letters.find("2000-7"), null);
  const pages = [];
  for await (const page of bench.letters.pages({}, { after: "1000-0", limit: 2 })) pages.push(...page);
  assertEquals(pages.map(({ id }) => id), ["2000-0", "2000-1"]);
});

Deno.test("G9 letters are thrown away once, and only those that are meant", async () => {
  await using bench = await setup();
  const [first, second, third] = await writeLetters(
    bench.redis,
    { job: "a", n: 1 },
    { job: "b", n: 2 },
    { job: "a", n: 3 },
  );
  const thrown = async (filter: Parameters<typeof allLetters>[1]) => {
    const all: [string, string][] = [];
    for await (const page of discard(bench.letters, { filter: filter ?? {} })) {
      all.push(...page.map(({ letter, outcome }): [string, string] => [letter.id, outcome]));
    }
    return all;
  };
  assertEquals(await thrown({ jobId: "a", upTo: second ?? "" }), [[first ?? "", "discarded"]]);
  assertEquals(await bench.letters.throwAway([first ?? "", third ?? ""]), [false, true]);
  assertEquals((await allLetters(bench.letters)).map(({ id }) => id), [second]);
  assertEquals(await requeueAll(bench.letters, { filter: { jobId: "a" } }), []);
});

Deno.test("G9 letters as the reference writes them are read and put back too", async () => {
  await using bench = await setup();
  const stream = streamOf("a");
  const data = encodeStatusEvent(eventOf("a", 1));
  const fields = {
    data,
    reason: "max deliveries",
    origin_stream: stream,
    origin_id: "5-3",
    ts: "1768478400123",
  };
  await bench.redis.xadd(DLQ, "*", ...Object.entries(fields).flat());
  const [letter] = await allLetters(bench.letters);
  assertEquals([letter?.at, letter?.error, letter?.deliveries, letter?.firstSeen], [
    1_768_478_400_123,
    null,
    null,
    null,
  ]);
  assertEquals((await requeueAll(bench.letters)).map(({ outcome }) => outcome), ["requeued"]);
  assertEquals(String((await entriesOf(bench.redis, stream))[0]?.fields.get("requeued_from")), "5-3");
});
