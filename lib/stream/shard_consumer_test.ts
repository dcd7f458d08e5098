import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { UndecodableEntryError } from "lib/event/codec.ts";
import { silentLogger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { FakeShard, type Fault } from "lib/testing/fake_shard.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { LeaseLostError } from "./lease.ts";
import { type Entry, type Handler, ShardConsumer, type ShardConsumerOptions } from "./shard_consumer.ts";

const MAX_DELIVERIES = 3;
const RETRIES = 1;

/** Entries are written `job text`; `!` is none. */
function decode(data: string): string {
  if (data === "!") throw new UndecodableEntryError("Cannot decode entry: it is an exclamation mark");
  return data;
}

function consumerOf(
  shard: FakeShard,
  time: VirtualTime,
  handler: Handler<string>,
  options: Partial<ShardConsumerOptions<string>> = {},
): ShardConsumer<string> {
  return new ShardConsumer(shard, {
    handler,
    decode,
    jobOf: (event) => event.split(" ")[0] ?? "",
    waitForMore: shard.waitForMore,
    dlq: { stream: "dlq", maxlen: 10 },
    batchSize: 10,
    maxDeliveries: MAX_DELIVERIES,
    handlerRetries: RETRIES,
    log: silentLogger,
    now: time.now,
    ...options,
  });
}

/** Runs until `done` says so, as often as Redis cuts it short: each time a new owner. */
async function runUntil(done: () => boolean, newConsumer: () => ShardConsumer<string>): Promise<void> {
  const stop = new AbortController();
  const watch = (async () => {
    using _ = { [Symbol.dispose]: () => stop.abort() };
    for (let looks = 0; !done(); looks++) {
      if (looks > 20_000) throw new Error("Cannot go on: hours have passed and it is not done");
      await sleep(500);
    }
  })();
  while (!stop.signal.aborted) {
    await newConsumer().run(stop.signal).catch((error) => {
      if (!(error instanceof OutageError)) throw error;
    });
  }
  await watch;
}

/** How an entry behaves: how often it fails by itself; how often a dependency is away when it comes first. */
interface Plan {
  readonly job: number;
  readonly faults: number;
  readonly outages: number;
  readonly poison: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  job: fc.nat(2),
  faults: fc.constantFrom(0, 0, 0, 1, 2, 4, Infinity),
  outages: fc.constantFrom(0, 0, 0, 1, 12),
  poison: fc.constantFrom(false, false, false, true),
});
const redisFault: fc.Arbitrary<Fault | null> = fc.constantFrom(
  null,
  null,
  null,
  null,
  "refused",
  "answer lost",
);

/** Consumes entries that behave as planned; checks order as they succeed. */
async function consume(plans: readonly Plan[], redisFaults: (Fault | null)[], batchSize: number) {
  using time = new VirtualTime();
  const shard = new FakeShard(() => redisFaults.pop() ?? null);
  shard.add(...plans.map((plan, index) => plan.poison ? "!" : `job-${plan.job} ${index}`));
  const left = plans.map((plan) => ({ ...plan }));
  const succeeded = new Set<number>();
  const isOut = (index: number) =>
    succeeded.has(index) || shard.buried.some((burial) => burial.entry.id === `${index + 1}-0`);
  const handler = async (entries: readonly Entry<string>[]) => {
    await sleep(1);
    for (const { id, event } of entries) {
      const index = Number(event.split(" ")[1]);
      assertEquals(id, `${index + 1}-0`);
      const state = left[index];
      if (state && state.outages-- > 0) throw new OutageError("postgres", "write");
      if (state && state.faults-- > 0) throw new Error(`entry ${index} fails`);
    }
    for (const { event } of entries) {
      const index = Number(event.split(" ")[1]);
      const job = plans[index]?.job;
      const overtaken = plans.findIndex((other, at) =>
        at < index && other.job === job && !other.poison && !isOut(at)
      );
      assertEquals(overtaken, -1, `entry ${index} overtook entry ${overtaken} of its job`);
      succeeded.add(index);
    }
  };
  await runUntil(
    () => shard.acknowledged.length + shard.buried.length >= plans.length,
    () => consumerOf(shard, time, handler, { batchSize }),
  );
  return { shard, succeeded };
}

Deno.test("G4 G8 G9 ShardConsumer keeps each job's order and lets every entry out once, whatever fails", async () => {
  const faults = fc.array(redisFault, { maxLength: 40 });
  const property = fc.asyncProperty(
    fc.array(plan, { minLength: 1, maxLength: 25 }),
    faults,
    fc.integer({ min: 1, max: 12 }),
    async (plans, redisFaults, batchSize) => {
      const { shard, succeeded } = await consume(plans, [...redisFaults], batchSize);
      const out = [...shard.acknowledged, ...shard.buried.map((burial) => burial.entry.id)];
      assertEquals(new Set(out).size, plans.length);
      assertEquals(out.length, plans.length);
      assertEquals(shard.pending, []);
      for (const id of shard.acknowledged) {
        assert(succeeded.has(Number(id.split("-")[0]) - 1), `${id} never worked`);
      }
      const reasons = new Map(shard.buried.map((burial) => [burial.entry.id, burial.reason]));
      for (const [index, { poison, faults }] of plans.entries()) {
        const reason = reasons.get(`${index + 1}-0`);
        if (poison) assertEquals(reason, "undecodable");
        else if (faults === 0) {
          assertEquals(reason, undefined, "an outage, or another's fault, buried an entry");
        } else if (faults === Infinity) assertEquals(reason, "handler failed");
      }
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

Deno.test("G8 ShardConsumer waits out an outage of an hour without burying or overtaking anything", async () => {
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
  assertEquals(shard.buried, []);
});

Deno.test("G9 ShardConsumer buries an entry after so many failures, with its first sight; its job goes on", async () => {
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
  assertEquals(shard.buried.map(({ entry, ...burial }) => ({ id: entry.id, ...burial })), [
    { id: "1-0", reason: "handler failed", error: "no good", deliveries: MAX_DELIVERIES, firstSeen: start },
  ]);
});

Deno.test("G9 ShardConsumer buries at the first failure if one delivery is all that is allowed", async () => {
  using time = new VirtualTime();
  const shard = new FakeShard();
  shard.add("a bad");
  let tries = 0;
  const handler = () => Promise.reject(new Error(`try ${++tries}`));
  const options = { maxDeliveries: 1, handlerRetries: 0 };
  await runUntil(() => shard.buried.length === 1, () => consumerOf(shard, time, handler, options));
  assertEquals([tries, shard.buried[0]?.deliveries], [1, 1]);
});

Deno.test("G9 ShardConsumer buries at once, unhandled: no field, no UTF-8, no event; the bytes stay as they were", async () => {
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
  assertEquals(shard.buried.map(({ entry, reason, error }) => [entry.id, reason, error]), [
    ["1-0", "undecodable", 'Cannot decode entry: it has no field "data"'],
    ["3-0", "undecodable", "Cannot decode entry: its bytes are no UTF-8"],
    ["4-0", "undecodable", "Cannot decode entry: it is an exclamation mark"],
  ]);
  assertEquals(shard.buried[1]?.entry.data, broken);
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
  assertEquals([calls, shard.buried.length, shard.pending], [1, 0, ["1-0"]]);
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
  assertEquals(errors, [{ count: 2, first: "1-0", last: "2-0" }]);
});
