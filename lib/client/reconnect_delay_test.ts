import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { reconnectDelayMs, retryAfterMs } from "./reconnect_delay.ts";

Deno.test("reconnectDelayMs() grows to a limit, and is never shorter than what the service asked for", () => {
  const delay = (failures: number, asked: number | null = null) =>
    reconnectDelayMs({ retryMs: 2_000, failures, retryAfterMs: asked }, () => 0);
  assertEquals([0, 1, 2, 3, 4, 5, 6, 99].map((failures) => delay(failures)), [
    2_000,
    2_000,
    4_000,
    8_000,
    16_000,
    30_000,
    30_000,
    30_000,
  ]);
  assertEquals([delay(1, 7_000), delay(3, 7_000), delay(1, 1e12)], [7_000, 8_000, 300_000]);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.option(fc.nat()), fc.double({ min: 0, max: 0.999, noNaN: true }), (
      retryMs,
      failures,
      asked,
      chance,
    ) => {
      const ms = reconnectDelayMs({ retryMs, failures, retryAfterMs: asked }, () => chance);
      assertEquals(ms >= 50 && ms <= 450_000, true);
    }),
  );
});

Deno.test("retryAfterMs() reads seconds and dates, and nothing else", () => {
  const now = Date.parse("2026-01-15T10:00:00Z");
  const read = (header: string | null) => retryAfterMs(header, now);
  assertEquals([read("2"), read(" 0 "), read(null), read("soon"), read("-1e999")], [
    2_000,
    0,
    null,
    null,
    null,
  ]);
  assertEquals(read("Thu, 15 Jan 2026 10:00:05 GMT"), 5_000);
  assertEquals(read("Thu, 15 Jan 2026 09:00:00 GMT"), 0);
});
