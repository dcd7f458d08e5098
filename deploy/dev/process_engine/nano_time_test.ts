import { assertEquals, assertThrows } from "@std/assert";
import { EngineError } from "./engine_error.ts";
import { logTimes, queryTime, stateTime, systemClock } from "./nano_time.ts";

const NANOS = 1_795_305_990_178_685_700n;

Deno.test("stateTime() leaves out trailing zeros, and has a word for never", () => {
  assertEquals(stateTime(NANOS), "2026-11-22T00:06:30.1786857Z");
  assertEquals(stateTime(NANOS - 178_685_700n), "2026-11-22T00:06:30Z");
  assertEquals(stateTime(null), "0001-01-01T00:00:00Z");
});

Deno.test("logTimes() always writes nine digits, also when the second changes to and fro", () => {
  const logTime = logTimes();
  assertEquals(logTime(NANOS), "2026-11-22T00:06:30.178685700Z");
  assertEquals(logTime(NANOS + 1_000_000_000n), "2026-11-22T00:06:31.178685700Z");
  assertEquals(logTime(NANOS - 178_685_699n), "2026-11-22T00:06:30.000000001Z");
});

Deno.test("queryTime() reads seconds with up to nine digits behind the point", () => {
  assertEquals(queryTime("1795305990.178685700"), NANOS);
  assertEquals(queryTime("1795305990.1"), 1_795_305_990_100_000_000n);
  assertEquals(queryTime("5"), 5_000_000_000n);
  assertEquals([queryTime(""), queryTime(undefined)], [undefined, undefined]);
  for (const text of ["x", "1.5.5", "2026-11-22T00:06:30Z"]) {
    assertEquals(assertThrows(() => queryTime(text), EngineError, text).status, 400);
  }
});

Deno.test("systemClock() never gives a moment twice, even when the system's clock stands or goes back", () => {
  const readings = [5n, 5n, 3n, 9n];
  const clock = systemClock(() => readings.shift() ?? 0n);
  assertEquals([clock(), clock(), clock(), clock()], [5n, 6n, 7n, 9n]);
});
