/**
 * Log events in a form that every store can hold, and back without loss (guarantee G2).
 *
 * @module
 */
import { decodeLogEvent, encodeLogEvent } from "../event/codec.ts";
import type { LogEvent } from "../event/log.ts";
import { wireTimestampOf } from "../event/timestamp.ts";
import { UnstorableLogError } from "./unstorable_log_error.ts";

/** An event whose texts and time any store can hold. */
export interface PlainEvent {
  readonly event: LogEvent;
  /** The exact event as JSON if `event` could not say it, else null. In it NUL is an escape. */
  readonly original: string | null;
}

/** The wire's form of a time (wire.md §2), in years that databases and nanosecond counters agree on. */
const PLAIN_TIME = /^(19[7-9]|20\d|21\d)\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.(?!0{6})\d{6})?\+00:00$/;
const EARLIEST_MS = Date.UTC(1970, 0, 1);
const LATEST_MS = Date.UTC(2199, 11, 31);

const TEXTS = ["job_id", "event_id", "job_type", "container_name", "container_id", "line"] as const;

/** Longest job or event id in bytes of UTF-8: the longest word that Quickwit indexes. */
export const MAX_KEY_BYTES = 255;

/** What a store can do. */
export interface PlainOptions {
  /** Whether its texts may contain NUL. @default false */
  readonly holdsNul?: boolean;
}

/**
 * `event` in its plain form: NUL becomes ␀, a broken surrogate U+FFFD, an odd time the same moment or 1970.
 *
 * @throws {UnstorableLogError} if its job or event id is too long to be a key.
 */
export function plainEvent(event: LogEvent, options: PlainOptions = {}): PlainEvent {
  for (const field of ["job_id", "event_id"] as const) refuseLongKey(field, event[field]);
  const timestamp = plainTime(event.timestamp);
  let plain = timestamp === event.timestamp ? event : { ...event, timestamp };
  for (const field of TEXTS) {
    const text = event[field];
    if (text === undefined) continue;
    const stored = plainText(text, options);
    if (stored !== text) plain = { ...plain, [field]: stored };
  }
  return { event: plain, original: plain === event ? null : encodeLogEvent(event) };
}

/** The exact event of a stored one. */
export function exactEvent({ event, original }: PlainEvent): LogEvent {
  return original === null ? event : decodeLogEvent(original);
}

/** A text as {@link plainEvent} stores it. */
export function plainText(text: string, { holdsNul = false }: PlainOptions = {}): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return holdsNul || !formed.includes("\0") ? formed : formed.replaceAll("\0", "\u2400");
}

function refuseLongKey(field: string, key: string): void {
  if (key.length * 3 <= MAX_KEY_BYTES) return;
  const bytes = new TextEncoder().encode(key).length;
  if (bytes <= MAX_KEY_BYTES) return;
  const shown = JSON.stringify(`${key.slice(0, 40)}…`);
  throw new UnstorableLogError(
    `Cannot store an event of ${field} ${shown}: ${bytes} bytes, at most ${MAX_KEY_BYTES}`,
  );
}

function plainTime(timestamp: string): string {
  if (PLAIN_TIME.test(timestamp)) return timestamp;
  const ms = Date.parse(timestamp);
  return wireTimestampOf(ms >= EARLIEST_MS && ms <= LATEST_MS ? ms : EARLIEST_MS);
}
