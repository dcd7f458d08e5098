import { assertEquals, assertThrows } from "@std/assert";
import { canonicalTime, epochSeconds, secondsBefore } from "./canonical_time.ts";

Deno.test("canonicalTime() brings every form to UTC with nine digits, and compares as text", () => {
  assertEquals(canonicalTime("2026-01-15T12:01:02.123456789Z"), "2026-01-15T12:01:02.123456789Z");
  assertEquals(canonicalTime("2026-01-15T12:01:02Z"), "2026-01-15T12:01:02.000000000Z");
  assertEquals(canonicalTime("2026-01-15T01:01:02.12-11:30"), "2026-01-15T12:31:02.120000000Z");
  assertEquals(canonicalTime("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000000000Z");
});

Deno.test("canonicalTime() refuses what is no time", () => {
  for (
    const text of ["", "2026-01-15", "2026-01-15T12:01:02", "2026-13-15T12:01:02Z", "x2026-01-15T12:01:02Z"]
  ) {
    assertThrows(() => canonicalTime(text), RangeError, "Cannot read");
  }
});

Deno.test("secondsBefore() keeps the nanoseconds and stops at 1970", () => {
  assertEquals(secondsBefore("2026-01-01T00:00:02.123456789Z", 5), "2025-12-31T23:59:57.123456789Z");
  assertEquals(secondsBefore("1970-01-01T00:00:02.123456789Z", 5), "1970-01-01T00:00:00.000000000Z");
});

Deno.test("epochSeconds() loses no digit", () => {
  assertEquals(epochSeconds("2026-01-15T12:01:02.000000001Z"), "1768478462.000000001");
});
