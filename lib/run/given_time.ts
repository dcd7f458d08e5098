const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time as people give it, `2026-01-15T10:00:00Z` or `90s`, `30m`, `2h`, `7d` before `now`, in ms since 1970 as
 * `now` is; null if the text is neither, or before 1970.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { givenTime } from "./given_time.ts";
 * assertEquals(givenTime("2m", 180_000), 60_000);
 * assertEquals(givenTime("1970-01-01T01:00:00+01:00", 0), 0);
 * assertEquals(givenTime("yesterday", 0), null);
 * ```
 */
export function givenTime(text: string, now: number): number | null {
  const [, count, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, now - Number(count) * (UNIT_MS[unit] ?? 0));
  const time = /^\d{4}-\d\d-\d\dT[\d:.]{5,20}(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  return time >= 0 ? time : null;
}
