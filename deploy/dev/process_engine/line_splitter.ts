/**
 * Output bytes → log entries, as the Engine cuts them: at newlines, and after every 16 KiB without one.
 *
 * @module
 */
import type { NanoClock } from "./nano_time.ts";

/** A line longer than this many bytes (its newline included) is cut into entries of this size. */
export const FRAGMENT_BYTES = 16 * 1024;

/** One log entry: a line with its newline, or a piece of a long or unfinished line without. */
export interface LogEntry {
  readonly nanos: bigint;
  readonly bytes: Uint8Array;
}

const NEWLINE = 10;
const NOTHING = new Uint8Array(0);

/** Cuts one stream of one process run. All fragments of a line carry the first fragment's time. */
export class LineSplitter {
  readonly #clock: NanoClock;
  #rest: Uint8Array = NOTHING;
  /** Set while a line is under way of which fragments have been given out. */
  #fragmentNanos: bigint | undefined;

  constructor(clock: NanoClock) {
    this.#clock = clock;
  }

  /** The entries that `chunk` completes. They may share its memory. */
  push(chunk: Uint8Array): LogEntry[] {
    const entries: LogEntry[] = [];
    let from = 0;
    while (from < chunk.length) {
      const room = FRAGMENT_BYTES - this.#rest.length;
      const window = chunk.subarray(from, from + room);
      const newline = window.indexOf(NEWLINE);
      if (newline >= 0) entries.push(this.#line(window.subarray(0, newline + 1)));
      else if (window.length === room) entries.push(this.#fragment(window));
      else this.#rest = joined(this.#rest, window);
      from += newline >= 0 ? newline + 1 : window.length;
    }
    return entries;
  }

  /** What is left when the stream has ended: a last line without newline, or nothing. */
  end(): LogEntry[] {
    return this.#rest.length > 0 ? [this.#fragment(NOTHING)] : [];
  }

  #line(end: Uint8Array): LogEntry {
    const entry = { nanos: this.#fragmentNanos ?? this.#clock(), bytes: joined(this.#rest, end) };
    this.#fragmentNanos = undefined;
    this.#rest = NOTHING;
    return entry;
  }

  #fragment(end: Uint8Array): LogEntry {
    this.#fragmentNanos ??= this.#clock();
    const entry = { nanos: this.#fragmentNanos, bytes: joined(this.#rest, end) };
    this.#rest = NOTHING;
    return entry;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
