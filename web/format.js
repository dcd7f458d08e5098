// @ts-check
/**
 * Times, durations and counts as people read them.
 *
 * @module
 */

/** @typedef {"off" | "local" | "utc"} Zone */

/**
 * A duration in at most two units: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`, `4 d 3 h`.
 *
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * How long ago something was, in one unit: `now`, `12 s ago`, `3 min ago`, `2 h ago`, `4 d ago`.
 *
 * @param {number} ms
 */
export function ago(ms) {
  if (!Number.isFinite(ms)) return "";
  const seconds = Math.floor(ms / 1000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 24 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / (24 * 3600))} d ago`;
}

/**
 * A moment as date and time of day with milliseconds; UTC carries a `Z`.
 *
 * @param {number} time milliseconds since 1970
 * @param {Zone} zone
 * @returns {{ date: string, time: string }}
 */
export function moment(time, zone) {
  if (!Number.isFinite(time)) return { date: "", time: "" };
  const offset = zone === "utc" ? 0 : new Date(time).getTimezoneOffset();
  const iso = new Date(time - offset * 60_000).toISOString();
  return { date: iso.slice(0, 10), time: iso.slice(11, 23) + (zone === "utc" ? "Z" : "") };
}

/**
 * A count in at most five characters: `999`, `12.3k`, `123k`, `1.2M`.
 *
 * @param {number} n
 */
export function shortCount(n) {
  if (n < 1000) return String(n);
  const [value, unit] = n < 999_500 ? [n / 1000, "k"] : [n / 1_000_000, "M"];
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/**
 * A count in full, in groups of three: `1,234,567`.
 *
 * @param {number} n
 */
export function fullCount(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * `1 line`, `2,000 lines`.
 *
 * @param {number} n
 * @param {string} noun
 */
export function counted(n, noun) {
  return `${fullCount(n)} ${noun}${n === 1 ? "" : "s"}`;
}
