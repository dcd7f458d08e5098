/**
 * Nanosecond times of log fragments as text of one fixed form, so that comparing is comparing text.
 *
 * @module
 */
const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;
const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/**
 * Brings an RFC 3339 time to UTC with nine digits after the point.
 *
 * @throws {RangeError} if the text is no such time.
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canonicalTime } from "lib/runtime/canonical_time.ts";
 * assertEquals(canonicalTime("2026-01-15T14:01:02.5+02:00"), "2026-01-15T12:01:02.500000000Z");
 * ```
 */
export function canonicalTime(rfc3339: string): string {
  if (CANONICAL.test(rfc3339)) return rfc3339;
  const match = RFC3339.exec(rfc3339);
  const epochMs = match ? Date.parse(`${match[1]}${match[3]}`) : NaN;
  if (!match || Number.isNaN(epochMs)) {
    throw new RangeError(`Cannot read "${rfc3339}" as a time: expected RFC 3339 with at most nanoseconds`);
  }
  return text(epochMs, (match[2] ?? "").padEnd(9, "0"));
}

/** The canonical time `seconds` (a whole number) before `time`, but never before 1970. */
export function secondsBefore(time: string, seconds: number): string {
  const epochMs = Date.parse(`${time.slice(0, 19)}Z`) - seconds * 1_000;
  return epochMs < 0 ? text(0, "000000000") : text(epochMs, time.slice(20, 29));
}

/** A canonical time as the Engine API wants it: seconds since 1970, a point, nine digits. */
export function epochSeconds(time: string): string {
  return `${Date.parse(`${time.slice(0, 19)}Z`) / 1_000}.${time.slice(20, 29)}`;
}

function text(epochMs: number, nanos: string): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}.${nanos}Z`;
}
