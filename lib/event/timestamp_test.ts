import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { hashedTimestamp, wireTimestamp, wireTimestampOf } from "./timestamp.ts";

const date = fc.date({ min: new Date(0), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true });
const nanos = fc.integer({ min: 0, max: 999_999_999 });

/** RFC 3339 with nanoseconds, as Docker writes it. */
function withNanos(moment: Date, fraction: number): string {
  return `${moment.toISOString().slice(0, 19)}.${String(fraction).padStart(9, "0")}Z`;
}

Deno.test("wireTimestamp() cuts nanoseconds off and never rounds", () => {
  assertEquals(wireTimestamp("2026-01-15T12:01:02.999999999Z"), "2026-01-15T12:01:02.999999+00:00");
  assertEquals(wireTimestamp("2026-01-15T12:01:02.000000999Z"), "2026-01-15T12:01:02+00:00");
});

Deno.test("wireTimestamp() writes six digits or none", () => {
  assertEquals(wireTimestamp("2026-01-15T12:01:02.5Z"), "2026-01-15T12:01:02.500000+00:00");
  assertEquals(wireTimestamp("2026-01-15T12:01:02.0Z"), "2026-01-15T12:01:02+00:00");
  assertEquals(wireTimestamp("2026-01-15T12:01:02Z"), "2026-01-15T12:01:02+00:00");
});

Deno.test("wireTimestamp() brings local times to UTC and keeps their microseconds", () => {
  assertEquals(wireTimestamp("2026-01-15T00:30:02.000007+02:00"), "2026-01-14T22:30:02.000007+00:00");
  assertEquals(wireTimestamp("2025-12-31T20:00:00.123456789-05:30"), "2026-01-01T01:30:00.123456+00:00");
  assertEquals(wireTimestamp("2026-01-15T12:01:02-00:00"), "2026-01-15T12:01:02+00:00");
});

Deno.test("wireTimestamp() refuses what is no RFC 3339 time", () => {
  const bad = [
    "",
    "now",
    "2026-01-15",
    "2026-01-15T12:01:02",
    "2026-13-01T00:00:00Z",
    "2026-01-15T24:00:00Z",
  ];
  for (
    const text of [
      ...bad,
      "2026-01-15T12:01:02.Z",
      "2026-01-15T12:01:02.1234567890Z",
      " 2026-01-15T12:01:02Z",
    ]
  ) {
    assertThrows(() => wireTimestamp(text), RangeError, "Cannot read");
  }
});

Deno.test("wireTimestamp() changes nothing in a time that has the wire's form already", () => {
  fc.assert(fc.property(date, nanos, (moment, fraction) => {
    const wire = wireTimestamp(withNanos(moment, fraction));
    assertEquals(wireTimestamp(wire), wire);
    assertEquals(wireTimestamp(hashedTimestamp(wire)), wire);
  }));
});

Deno.test("wire timestamps sort as text in the order of the moments they name", () => {
  fc.assert(fc.property(date, nanos, nanos, (moment, one, other) => {
    const [a, b] = [one, other].map((fraction) => wireTimestamp(withNanos(moment, fraction)));
    const [aMicros, bMicros] = [one, other].map((fraction) => Math.floor(fraction / 1000));
    assert(a !== undefined && b !== undefined && aMicros !== undefined && bMicros !== undefined);
    assertEquals(a < b, aMicros < bMicros);
    assertEquals(a === b, aMicros === bMicros);
  }));
});

Deno.test("wireTimestampOf() keeps milliseconds", () => {
  fc.assert(fc.property(date, (moment) => {
    assertEquals(new Date(wireTimestampOf(moment.getTime())).getTime(), moment.getTime());
  }));
  assertEquals(wireTimestampOf(0), "1970-01-01T00:00:00+00:00");
});
