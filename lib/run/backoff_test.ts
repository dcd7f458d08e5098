import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { backoffMs } from "./backoff.ts";

const longest = { random: () => 1 - Number.EPSILON };

Deno.test("backoffMs() doubles from its base to its cap", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffMs(failures, longest));
  assertEquals(delays, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

Deno.test("backoffMs() takes at most half off, by chance", () => {
  assertEquals(backoffMs(1, { baseMs: 1_000, random: () => 0 }), 500);
  assertEquals(backoffMs(1, { baseMs: 1_000, random: () => 0.5 }), 750);
});

Deno.test("backoffMs() stays between half its base and its cap, however often it failed", () => {
  const options = fc.record({
    baseMs: fc.integer({ min: 1, max: 60_000 }),
    chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(fc.property(fc.integer({ min: -1, max: 1_000_000 }), options, (failures, { baseMs, chance }) => {
    const delay = backoffMs(failures, { baseMs, capMs: 60_000, random: () => chance });
    assert(delay >= Math.floor(baseMs / 2) && delay <= 60_000, `${delay}`);
  }));
});

Deno.test("backoffMs() spreads replicas by default", () => {
  assert(new Set(Array.from({ length: 20 }, () => backoffMs(10))).size > 1);
});
