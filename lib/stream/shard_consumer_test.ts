import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { FakeShard } from "lib/testing/fake_shard.ts";
import { consumerOf, MAX_DELIVERIES, RETRIES, runUntil } from "lib/testing/shard_consumer_bench.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { LeaseLostError } from "./lease.ts";
import type { Handler } from "./shard_consumer.ts";

Deno.test("G8 ShardConsumer waits out an outage of an hour without dead-lettering or overtaking anything", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a 1", "a 2", "b 1");
  const start = time.now();
  const handled: string[] = [];
  const handler: Handler<string> = async (entries) => {
    await sleep(1);
    if (time.now() < start + 3_600_000) throw new OutageError("postgres", "write");
    handled.push(...entries.map((entry) => entry.event));
  };
  await runUntil(() => shard.acknowledged.length === 3, () => consumerOf(shard, time, handler));
  assertEquals(handled, ["a 1", "a 2", "b 1"]);
  assertEquals(shard.deadLettered, []);
});

Deno.test("G9 ShardConsumer dead-letters an entry after so many failures, with its first sight; its job goes on", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a bad", "a 2", "b 1", "a 3");
  const start = time.now();
  const tries: string[] = [];
  const handled: string[] = [];
  const handler: Handler<string> = (entries) => {
    if (entries.length === 1) tries.push(...entries.map((entry) => entry.event));
    if (entries.some((entry) => entry.event === "a bad")) return Promise.reject(new Error("no good"));
    handled.push(...entries.map((entry) => entry.event));
    return Promise.resolve();
  };
  await runUntil(() => shard.acknowledged.length === 3, () => consumerOf(shard, time, handler));
  assertEquals(handled, ["b 1", "a 2", "a 3"]);
  assertEquals(tries.filter((event) => event === "a bad").length, MAX_DELIVERIES * (RETRIES + 1));
  assertEquals(shard.deadLettered.map(({ entry, ...dead }) => ({ id: entry.id, ...dead })), [
    { id: "1-0", reason: "handler failed", error: "no good", deliveries: MAX_DELIVERIES, firstSeen: start },
  ]);
});

Deno.test("G9 ShardConsumer takes little at once after owners that vanished, and while entries are huge", async () => {
  using time = new VirtualTime();
  const taken: number[] = [];
  class AfterTwo extends FakeShard {
    override begin() {
      return Promise.resolve({ vanished: 2, accused: 0 });
    }
    override async take(after: string, count: number) {
      const answer = await super.take(after, count);
      if (answer.entries.length > 0) taken.push(answer.entries.length);
      return answer;
    }
  }
  const shard = new AfterTwo();
  const huge = new Uint8Array(1024 * 1024).fill(0x61);
  shard.add(...Array.from({ length: 60 }, () => huge));
  const options = { batchSize: 2_000, decode: (data: string) => data.slice(0, 1) };
  const consumer = () => consumerOf(shard, time, () => Promise.resolve(), options);
  await runUntil(() => shard.acknowledged.length === 60, consumer);
  assertEquals(taken, [4, 8, 16, 32]);
});

Deno.test("G9 ShardConsumer dead-letters at the first failure if one delivery is all that is allowed", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a bad");
  let tries = 0;
  const handler = () => Promise.reject(new Error(`try ${++tries}`));
  const options = { maxDeliveries: 1, handlerRetries: 0 };
  await runUntil(() => shard.deadLettered.length === 1, () => consumerOf(shard, time, handler, options));
  assertEquals([tries, shard.deadLettered[0]?.deliveries], [1, 1]);
});

Deno.test("G9 ShardConsumer dead-letters at once, unhandled: no field, no UTF-8, no event; the bytes stay as they were", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  const broken = new Uint8Array([0x61, 0xff, 0xfe]);
  shard.add(null, "a 1", broken, "!", "a 2");
  const handled: string[] = [];
  const handler: Handler<string> = (entries) => {
    handled.push(...entries.map((entry) => entry.event));
    return Promise.resolve();
  };
  await runUntil(() => shard.acknowledged.length === 2, () => consumerOf(shard, time, handler));
  assertEquals(handled, ["a 1", "a 2"]);
  assertEquals(shard.deadLettered.map(({ entry, reason, error }) => [entry.id, reason, error]), [
    ["1-0", "undecodable", 'Cannot decode entry: it has no field "data"'],
    ["3-0", "undecodable", "Cannot decode entry: its bytes are no UTF-8"],
    ["4-0", "undecodable", "Cannot decode entry: it is an exclamation mark"],
  ]);
  assertEquals(shard.deadLettered[1]?.entry.data, broken);
});

Deno.test("ShardConsumer sets a handler's flags together with the acknowledgement, not when the handler fails", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a 1");
  let fails = true;
  const handler: Handler<string> = () => {
    if (fails) {
      fails = false;
      return Promise.reject(new Error("once"));
    }
    assertEquals(shard.flags, []);
    return Promise.resolve({ flags: [{ key: "flushed", ttlSeconds: 5 }] });
  };
  await runUntil(() => shard.acknowledged.length === 1, () => consumerOf(shard, time, handler));
  assertEquals(shard.flags, [{ key: "flushed", ttlSeconds: 5 }]);
});

Deno.test("G4 ShardConsumer stops at once when the lease is lost, without counting it against the entry", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a 1");
  const lost = new LeaseLostError(
    { shard: 0, leaseKey: "", epochKey: "", replica: "r", epoch: 1 },
    "acknowledge",
  );
  shard.acknowledge = () => Promise.reject(lost);
  let calls = 0;
  const handler = () => Promise.resolve(void calls++);
  const signal = new AbortController().signal;
  assertEquals(await assertRejects(() => consumerOf(shard, time, handler).run(signal), LeaseLostError), lost);
  assertEquals([calls, shard.deadLettered.length, shard.pending], [1, 0, ["1-0"]]);
});

Deno.test("G15 ShardConsumer finishes and acknowledges what is in hand when told to stop, and takes no more", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a 1", "a 2", "a 3");
  const stop = new AbortController();
  const handler: Handler<string> = async () => {
    stop.abort();
    await sleep(10_000);
  };
  await consumerOf(shard, time, handler, { batchSize: 2 }).run(stop.signal);
  assertEquals([shard.acknowledged, shard.pending], [["1-0", "2-0"], []]);
});

Deno.test("ShardConsumer goes on behind pending entries that the stream no longer holds", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a 1", "a 2", "a 3");
  await shard.take("0-0", 3);
  shard.trim("1-0");
  shard.trim("2-0");
  const handled: string[] = [];
  const errors: unknown[] = [];
  const log = { ...silentLogger, error: (fields: unknown) => errors.push(fields) } as typeof silentLogger;
  const handler: Handler<string> = (entries) =>
    Promise.resolve(void handled.push(...entries.map((entry) => entry.id)));
  await runUntil(
    () => shard.acknowledged.length === 1,
    () => consumerOf(shard, time, handler, { batchSize: 2, log }),
  );
  assertEquals(handled, ["3-0"]);
  assertEquals(errors, [{ lost: 2, first: "1-0", last: "2-0" }]);
});

Deno.test("G9 ShardConsumer lets other jobs go on while one fails with more entries behind it than memory may hold", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("bad 0", ...Array.from({ length: 30 }, (_, n) => `bad ${n + 1}`), "good 1", "good 2");
  const start = time.now();
  let goodAfter = Infinity;
  const handled: string[] = [];
  const handler: Handler<string> = (entries) => {
    const works = (event: string) => event !== "bad 0" || time.now() > start + 60_000;
    if (!entries.every(({ event }) => works(event))) return Promise.reject(new OddError("not yet"));
    handled.push(...entries.map(({ event }) => event));
    if (handled.includes("good 2")) goodAfter = Math.min(goodAfter, time.now() - start);
    return Promise.resolve();
  };
  const options = { maxHeld: 5, maxDeliveries: 1_000, batchSize: 4 };
  await runUntil(() => shard.acknowledged.length === 33, () => consumerOf(shard, time, handler, options));
  assert(goodAfter < 10_000, `the other job waited for ${goodAfter} ms`);
  const bad = handled.filter((event) => event.startsWith("bad"));
  assertEquals(bad, Array.from({ length: 31 }, (_, n) => `bad ${n}`));
});

Deno.test("G14 ShardConsumer handles once more what Redis, going back in time, has forgotten to be acknowledged", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a 1", "a 2");
  const acknowledge = shard.acknowledge.bind(shard);
  let forgotten = false;
  shard.acknowledge = (ids, flags) => {
    if (forgotten) return acknowledge(ids, flags);
    forgotten = true;
    return Promise.resolve();
  };
  const handler: Handler<string> = () => Promise.resolve({ flags: [{ key: "flushed", ttlSeconds: 5 }] });
  await runUntil(() => shard.acknowledged.length === 2, () => consumerOf(shard, time, handler));
  assertEquals([shard.pending, shard.flags.length], [[], 1]);
});

/** A fault of an entry's own. */
class OddError extends Error {}

Deno.test("G4 ShardConsumer takes again what found no room before it takes anything later of the job, also past the tenth entry", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  const handled: string[] = [];
  const isUp = new Set<string>();
  const handler: Handler<string> = async (entries) => {
    await sleep(1);
    if (entries.some(({ event }) => /^(a|b) 1$/.test(event) && !isUp.has(event))) throw new Error("not yet");
    handled.push(...entries.map(({ event }) => event));
  };
  // Entry 9 fails, 10 finds no room behind it, and 11 holds another job back: so not all is taken anew.
  shard.add(...Array.from({ length: 8 }, (_, n) => `x ${n}`), "a 1", "a 2", "b 1");
  const options = { maxHeld: 1, maxDeliveries: 1_000_000, handlerRetries: 0, batchSize: 20 };
  const plan = async () => {
    await sleep(60_000);
    isUp.add("a 1");
    await sleep(60_000);
    shard.add("a 3");
    await sleep(60_000);
    isUp.add("b 1");
  };
  const planned = plan();
  await runUntil(() => shard.acknowledged.length === 12, () => consumerOf(shard, time, handler, options));
  await planned;
  assertEquals(handled.filter((event) => event.startsWith("a")), ["a 1", "a 2", "a 3"]);
});

Deno.test("G9 ShardConsumer that loses its shard says that it has ended: it did not vanish", async () => {
  using time = new VirtualTime();
  let ended = 0;
  class Lost extends FakeShard {
    override take() {
      const lease = { shard: 0, leaseKey: "l", epochKey: "e", replica: "r", epoch: 1 };
      return Promise.reject(new LeaseLostError(lease, "take entries"));
    }
    override async end() {
      await super.end();
      ended++;
    }
  }
  const consumer = consumerOf(new Lost(), time, () => Promise.resolve());
  await assertRejects(() => consumer.run(new AbortController().signal), LeaseLostError);
  assertEquals(ended, 1);
});
