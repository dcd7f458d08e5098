/**
 * What a bad day makes of a notification of the engine.
 *
 * @module
 */
import type { Random } from "../random.ts";

/** A way of distorting notifications. */
export interface Distortion {
  /** The clock that dates notifications is ahead by so much (ms, negative: behind). */
  readonly skewMs?: number;
  /** How likely it is that a notification comes again, after a while. */
  readonly duplicate?: number;
  /** Each comes late by up to so much (ms), so that they overtake one another. */
  readonly lateMs?: number;
}

/** A notification to pass on. */
export interface Delivery {
  readonly text: string;
  /** 0: at once. */
  readonly delayMs: number;
}

/** Longest time until a repeated notification comes again (ms). */
const AGAIN_MS = 3_000;

/** What is passed on in place of one notification (a line of JSON, with its newline). */
export function distorted(text: string, distortion: Distortion, random: Random): Delivery[] {
  const { skewMs = 0, duplicate = 0, lateMs = 0 } = distortion;
  const line = skewMs === 0 ? text : skewed(text, skewMs);
  const deliveries = [{ text: line, delayMs: lateMs > 0 ? random.int(0, lateMs) : 0 }];
  if (random.chance(duplicate)) deliveries.push({ text: line, delayMs: random.int(0, AGAIN_MS) });
  return deliveries;
}

/**
 * Another date in a notification's `time` (s) and `timeNano`. Done on the text: a JSON number cannot hold
 * nanoseconds.
 */
function skewed(text: string, skewMs: number): string {
  return text
    .replace(/"time":(\d+)/, (_, seconds) => `"time":${Number(seconds) + Math.round(skewMs / 1_000)}`)
    .replace(/"timeNano":(\d+)/, (_, nanos) => `"timeNano":${BigInt(nanos) + BigInt(skewMs) * 1_000_000n}`);
}
