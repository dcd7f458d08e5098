import { assertEquals } from "@std/assert";
import { SilencePace } from "./silence_pace.ts";

/** The intervals, of so many, after which a comparison is due. */
function due(pace: SilencePace, intervals: number): number[] {
  return Array.from({ length: intervals }, (_, index) => index + 1).filter(() => pace.isDue());
}

Deno.test("SilencePace asks ever more seldom, but at least once in twenty intervals", () => {
  assertEquals(due(new SilencePace(), 100), [1, 3, 7, 15, 31, 51, 71, 91]);
});

Deno.test("SilencePace begins anew when something came", () => {
  const pace = new SilencePace();
  due(pace, 40);
  pace.reset();
  assertEquals(due(pace, 10), [1, 3, 7]);
});
