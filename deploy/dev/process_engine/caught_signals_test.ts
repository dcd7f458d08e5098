import { assertEquals } from "@std/assert";
import { caughtSignals } from "./caught_signals.ts";

Deno.test("caughtSignals() reads the set of signals that have a handler", () => {
  const status = "Name:\tsh\nSigIgn:\t0000000000000004\nSigCgt:\t0000000000014002\nThreads:\t1\n";
  const caught = caughtSignals(status) ?? 0n;
  const numbers = Array.from({ length: 64 }, (_, i) => i + 1).filter((n) => (caught >> BigInt(n - 1)) & 1n);
  assertEquals(numbers, [2, 15, 17]);
  assertEquals(caughtSignals(""), undefined);
});
