/**
 * Moments as the Engine API knows them: nanoseconds since 1970, here as `bigint`.
 *
 * @module
 */
import { EngineError } from "./engine_error.ts";

/** Tells the time in nanoseconds since 1970; every answer is later than the one before. */
export type NanoClock = () => bigint;

/** The Engine's way of writing "never". */
const ZERO_TIME = "0001-01-01T00:00:00Z";

const SECOND = 1_000_000_000n;

/** A clock that runs with the system's and never gives the same moment twice, even when that is set back. */
export function systemClock(now: () => bigint = () => Temporal.Now.instant().epochNanoseconds): NanoClock {
  let last = 0n;
  return () => {
    const read = now();
    last = read > last ? read : last + 1n;
    return last;
  };
}

/** RFC 3339 in UTC without trailing zeros in the fraction: how states are written. `null` is "never". */
export function stateTime(nanos: bigint | null): string {
  if (nanos === null) return ZERO_TIME;
  const fraction = fractionOf(nanos).replace(/0+$/, "");
  return `${secondsText(nanos)}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/**
 * A function that writes moments in RFC 3339 in UTC with all nine digits, 30 characters: how log lines are
 * stamped. It remembers the latest second, as most lines of a log share theirs with the one before.
 */
export function logTimes(): (nanos: bigint) => string {
  let second = -1n;
  let text = "";
  return (nanos) => {
    if (nanos / SECOND !== second) {
      second = nanos / SECOND;
      text = secondsText(nanos);
    }
    return `${text}.${fractionOf(nanos)}Z`;
  };
}

/**
 * Reads `seconds` or `seconds.fraction`, the form of `since` and `until`; nothing for an absent or empty text.
 *
 * @throws {EngineError} 400 if the text has another form.
 */
export function queryTime(text: string | undefined): bigint | undefined {
  if (!text) return undefined;
  const match = /^(-?\d{1,15})(?:\.(\d{1,9}))?$/.exec(text);
  if (!match) {
    throw new EngineError(400, `Cannot read "${text}" as a time: expected seconds[.fraction] since 1970`);
  }
  return BigInt(match[1] ?? 0) * SECOND + BigInt((match[2] ?? "").padEnd(9, "0"));
}

function secondsText(nanos: bigint): string {
  return new Date(Number(nanos / SECOND) * 1000).toISOString().slice(0, 19);
}

function fractionOf(nanos: bigint): string {
  return String(nanos % SECOND).padStart(9, "0");
}
