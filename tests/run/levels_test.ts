import { assertEquals, assertThrows } from "@std/assert";
import { levelsOf } from "./levels.ts";

Deno.test("levelsOf() keeps the order in which levels run", () => {
  assertEquals(levelsOf("e2e, docs"), ["docs", "e2e"]);
});

Deno.test("levelsOf() names what it does not know and what there is", () => {
  assertThrows(
    () => levelsOf("unit,fast"),
    RangeError,
    'Cannot run level "fast": expected docs, unit, integration, e2e',
  );
  assertThrows(() => levelsOf(","), RangeError);
});
