import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { FakeShard, type Fault } from "lib/testing/fake_shard.ts";
import { consumerOf, runUntil } from "lib/testing/shard_consumer_bench.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import type { Entry } from "./shard_consumer.ts";

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
    succeeded.has(index) || shard.deadLettered.some((dead) => dead.entry.id === `${index + 1}-0`);
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
    () => shard.acknowledged.length + shard.deadLettered.length >= plans.length,
    () => consumerOf(shard, time, handler, { batchSize, maxHeld: 4 }),
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
      const out = [...shard.acknowledged, ...shard.deadLettered.map((dead) => dead.entry.id)];
      assertEquals(new Set(out).size, plans.length);
      assertEquals(out.length, plans.length);
      assertEquals(shard.pending, []);
      for (const id of shard.acknowledged) {
        assert(succeeded.has(Number(id.split("-")[0]) - 1), `${id} never worked`);
      }
      const reasons = new Map(shard.deadLettered.map((dead) => [dead.entry.id, dead.reason]));
      for (const [index, { poison, faults }] of plans.entries()) {
        const reason = reasons.get(`${index + 1}-0`);
        if (poison) assertEquals(reason, "undecodable");
        else if (faults === 0) {
          assertEquals(reason, undefined, "an outage, or another's fault, dead-lettered an entry");
        } else if (faults === Infinity) assertEquals(reason, "handler failed");
      }
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
