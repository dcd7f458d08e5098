/**
 * Times as the wire knows them (wire.md §2): UTC, written `+00:00`, microseconds only when not zero.
 * Runtimes report nanoseconds; everything below a microsecond is cut off, never rounded.
 *
 * @module
 */
const RFC3339 = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/;

/**
 * Brings a UTC time in RFC 3339 form (as Docker and Kubernetes report it) to the wire's form.
 *
 * @throws {RangeError} if the text is no RFC 3339 time in UTC.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wireTimestamp } from "lib/event/timestamp.ts";
 * assertEquals(wireTimestamp("2026-01-15T12:01:02.123456789Z"), "2026-01-15T12:01:02.123456+00:00");
 * assertEquals(wireTimestamp("2026-01-15T12:01:02.000000500Z"), "2026-01-15T12:01:02+00:00");
 * ```
 */
export function wireTimestamp(rfc3339: string): string {
  const match = RFC3339.exec(rfc3339);
  if (!match) throw new RangeError(`Cannot read "${rfc3339}" as a UTC time: expected RFC 3339 with Z or +00:00`);
  const [, date, time, fraction = ""] = match;
  const micros = fraction.padEnd(6, "0").slice(0, 6);
  return `${date}T${time}${micros === "000000" ? "" : `.${micros}`}+00:00`;
}

/** The wire's form of a moment given in milliseconds since 1970. */
export function wireTimestampOf(epochMs: number): string {
  return wireTimestamp(new Date(epochMs).toISOString());
}

/** The form in which a wire timestamp enters an event id: a space where the wire has `T`. */
export function hashedTimestamp(timestamp: string): string {
  return timestamp.replace("T", " ");
}
