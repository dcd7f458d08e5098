import { assertEquals } from "@std/assert";
import { mostPossible } from "./most_possible.ts";

Deno.test("mostPossible() is 1 where processors are idle, and less where the baseline needs them all", () => {
  const costs = { baselineWall: 10, baselineBusy: 20, needed: 5 };
  assertEquals(mostPossible({ ...costs, processors: 2 }), 0.8);
  assertEquals(mostPossible({ ...costs, processors: 4 }), 1);
  assertEquals(mostPossible({ ...costs, needed: 0, processors: 2 }), 1);
});
