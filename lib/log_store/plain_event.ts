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

const KEYS = ["job_id", "event_id"] as const;
const TEXTS = ["container_name", "container_id", "line"] as const;

/** Longest job or event id in bytes of UTF-8: the longest word that Quickwit indexes. */
export const MAX_KEY_BYTES = 255;

/** What a store can do. */
export interface PlainOptions {
  /** Whether its texts may contain NUL. @default false */
  readonly holdsNul?: boolean;
}

/**
 * `event` in its plain form: in texts NUL becomes ␀ and half a surrogate pair U+FFFD, job and event id become
 * {@link plainKey}s, an odd time the same moment or 1970.
 *
 * @throws {UnstorableLogError} if its job or event id is too long to be a key.
 */
export function plainEvent(event: LogEvent, options: PlainOptions = {}): PlainEvent {
  const changes: Partial<LogEvent> = {};
  for (const field of KEYS) {
    const key = plainKey(event[field]);
    refuseLongKey(field, key);
    if (key !== event[field]) changes[field] = key;
  }
  for (const field of TEXTS) {
    const text = event[field];
    const plain = text === undefined ? text : plainText(text, options);
    if (plain !== text) changes[field] = plain;
  }
  const timestamp = plainTime(event.timestamp);
  if (timestamp !== event.timestamp) changes.timestamp = timestamp;
  // Rare enough to be no field of its own in a store.
  const toldApart = event.gap !== undefined;
  if (Object.keys(changes).length === 0 && !toldApart) return { event, original: null };
  return { event: { ...event, ...changes }, original: encodeLogEvent(event) };
}

/** The exact event of a stored one. */
export function exactEvent({ event, original }: PlainEvent): LogEvent {
  return original === null ? event : decodeLogEvent(original);
}

/** The form in which a job or event id is stored and asked for: different ids stay different. */
export function plainKey(id: string): string {
  if (id.isWellFormed() && !id.includes("\0") && !id.includes("\u2400")) return id;
  return id.replace(/[\0\u2400\p{Cs}]/gu, (odd) => `\u2400${odd.charCodeAt(0).toString(16)};`);
}

function plainText(text: string, { holdsNul = false }: PlainOptions): string {
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
