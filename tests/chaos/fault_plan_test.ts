import { assert, assertEquals } from "@std/assert";
import { planFaults } from "./fault_plan.ts";
import { ALL_FAULTS } from "./faults/all_faults.ts";
import { Random } from "./random.ts";

const MINUTES = 10 * 60_000;
const names = (seed: number, ms = MINUTES) =>
  planFaults(ALL_FAULTS, ms, new Random(seed)).map(({ fault, atMs, ms }) => `${fault.name} ${atMs} ${ms}`);

Deno.test("planFaults() gives the same plan for the same seed, and another for another", () => {
  assertEquals(names(4), names(4));
  assert(names(4).join() !== names(5).join());
});

Deno.test("planFaults() lets every kind come before any comes again", () => {
  for (let seed = 0; seed < 50; seed++) {
    const plan = planFaults(ALL_FAULTS, MINUTES, new Random(seed));
    const first = plan.slice(0, ALL_FAULTS.length).map(({ fault }) => fault.name);
    assertEquals(new Set(first).size, ALL_FAULTS.length);
  }
});

Deno.test("planFaults() keeps within the time, in order, and lets no two faults share a target", () => {
  for (let seed = 0; seed < 50; seed++) {
    const plan = planFaults(ALL_FAULTS, 60_000, new Random(seed));
    assert(plan.length > 5, "faults come often");
    assert(plan.every(({ atMs, ms }) => atMs + ms <= 60_000));
    assertEquals(plan, plan.toSorted((a, b) => a.atMs - b.atMs));
    for (const [index, one] of plan.entries()) {
      for (const other of plan.slice(index + 1).filter(({ atMs }) => atMs < one.atMs + one.ms)) {
        assert(!one.fault.targets.some((target) => other.fault.targets.includes(target)));
      }
    }
  }
});

Deno.test("planFaults() repeats the only fault there is, and plans nothing of nothing", () => {
  const [redisStop] = ALL_FAULTS.filter(({ name }) => name === "redis-stop");
  assert(redisStop);
  assert(planFaults([redisStop], 60_000, new Random(1)).length > 3);
  assertEquals(planFaults([], 60_000, new Random(1)), []);
});
