import { assertEquals, assertThrows } from "@std/assert";
import { median, percentile } from "./stats.ts";

Deno.test("median() is the middle value, or the mean of the two in the middle, in whatever order", () => {
  assertEquals(median([9]), 9);
  assertEquals(median([30, 1, 2]), 2);
  assertEquals(median([10, 1, 2, 40]), 6);
  assertThrows(() => median([]), RangeError);
});

Deno.test("percentile() is the smallest value that the share of all values do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assertEquals([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share)), [1, 50, 99, 100]);
  assertEquals(percentile([7], 0.99), 7);
  assertThrows(() => percentile([], 0.5), RangeError);
});
