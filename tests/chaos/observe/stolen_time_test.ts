import { assert, assertEquals } from "@std/assert";
import { stolenShare, StolenTime, ticksIn } from "./stolen_time.ts";

const stat = (idle: number, steal: number) =>
  `cpu  100 0 50 ${idle} 0 0 0 ${steal} 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n`;

Deno.test("ticksIn() counts what all processors did together, and what was stolen from them", () => {
  assertEquals(ticksIn(stat(800, 50)), { all: 1_000, stolen: 50 });
  assertEquals(ticksIn(""), { all: 0, stolen: 0 });
});

Deno.test("stolenShare() is the share of the time between two moments, and 0 where nobody tells", () => {
  assertEquals(stolenShare(ticksIn(stat(0, 0)), ticksIn(stat(60, 40))), 0.4);
  assertEquals(stolenShare(ticksIn(stat(0, 5)), ticksIn(stat(60, 5))), 0);
  assertEquals(stolenShare(ticksIn(""), ticksIn("")), 0);
});

Deno.test("StolenTime is never longer than the time that passed", () => {
  const texts = [stat(0, 0), stat(0, 1_000)];
  const begin = performance.now();
  const { ms } = new StolenTime(() => texts.shift() ?? "");
  assert(ms >= 0 && ms <= performance.now() - begin);
});
