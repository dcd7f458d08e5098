/**
 * Times as the wire knows them (wire.md §2): UTC, written `+00:00`, microseconds only when not zero.
 * Runtimes report nanoseconds; everything below a microsecond is cut off, never rounded.
 *
 * Wire timestamps sort as text in the order of the moments they name.
 *
 * @module
 */
const RFC3339 =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Brings a time in RFC 3339 form to the wire's form. Docker and the Kubernetes API report UTC; Podman and
 * the log files of some Kubernetes nodes report local time with its offset.
 *
 * @throws {RangeError} if the text is no RFC 3339 time.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wireTimestamp } from "lib/event/timestamp.ts";
 * assertEquals(wireTimestamp("2026-01-15T12:01:02.123456789Z"), "2026-01-15T12:01:02.123456+00:00");
 * assertEquals(wireTimestamp("2026-01-15T12:01:02.000000500Z"), "2026-01-15T12:01:02+00:00");
 * assertEquals(wireTimestamp("2026-01-15T00:30:00+02:00"), "2026-01-14T22:30:00+00:00");
 * ```
 */
export function wireTimestamp(rfc3339: string): string {
  const match = RFC3339.exec(rfc3339);
  if (!match) {
    throw new RangeError(`Cannot read "${rfc3339}" as a time: expected RFC 3339, as 2026-01-15T12:01:02.5Z`);
  }
  const [, date = "", time = "", fraction = "", offset = "Z"] = match;
  const micros = fraction.padEnd(6, "0").slice(0, 6);
  const seconds = offset === "Z" || offset === "+00:00" ? `${date}T${time}` : inUtc(date, time, offset);
  return `${seconds}${micros === "000000" ? "" : `.${micros}`}+00:00`;
}

/** The wire's form of a moment given in milliseconds since 1970. */
export function wireTimestampOf(epochMs: number): string {
  return wireTimestamp(new Date(epochMs).toISOString());
}

/** The form in which a wire timestamp enters an event id: a space where the wire has `T`. */
export function hashedTimestamp(timestamp: string): string {
  const at = timestamp.indexOf("T");
  return at < 0 ? timestamp : `${timestamp.slice(0, at)} ${timestamp.slice(at + 1)}`;
}

/** Offsets are whole minutes, so the fraction of the second need not come along. */
function inUtc(date: string, time: string, offset: string): string {
  return new Date(`${date}T${time}${offset}`).toISOString().slice(0, 19);
}
