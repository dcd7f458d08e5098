/**
 * Options of a command line, in the form of `parseArgs()`, and what their values can be.
 *
 * @module
 */

import { givenTime } from "lib/run/given_time.ts";

/** A flag. */
export const FLAG = { type: "boolean", default: false } as const;
/** An option with a value. */
export const TEXT = { type: "string" } as const;
/** An option with a value that may be given several times. */
export const LIST = { type: "string", multiple: true } as const;

/** A whole number from an option; undefined if it is not given. @throws {RangeError} if it is none. */
export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) {
    throw new RangeError(`Cannot use ${option} "${text}": expected a whole number`);
  }
  return Number(text);
}

/** One of several words from an option; undefined if it is not given. @throws {RangeError} if it is another. */
export function oneOf<const Word extends string>(
  option: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (!word) throw new RangeError(`Cannot use ${option} "${text}": expected ${words.join(", ")}`);
  return word;
}

/** A time from an option (ms since 1970, as `now` is). @throws {RangeError} if it is none. */
export function timeOf(option: string, text: string, now: number): number {
  const time = givenTime(text, now);
  if (time !== null) return time;
  throw new RangeError(`Cannot use ${option} "${text}": expected 2026-01-15T10:00:00Z, or 90s, 30m, 2h, 7d`);
}
