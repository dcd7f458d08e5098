/**
 * One reading of a container's log: fragments in, lines out that were not published before, each with its
 * number, and the cursor to store with them. Pure.
 *
 * @module
 */
import { type Line, LineAssembler } from "lib/runtime/lines.ts";
import { secondsBefore } from "lib/runtime/canonical_time.ts";
import type { Fragment } from "lib/runtime/runtime.ts";
import type { LogCursor, Position } from "./cursor.ts";
import { RepeatCounter } from "./repeat_counter.ts";

/** A line to publish. */
export interface NewLine extends Line {
  /** Its number in the container's whole output, from 1. */
  readonly seq: number;
  /** Which one it is among equal lines of one stream in one microsecond, from 1. */
  readonly repeat: number;
  /** Lines before it may be missing, nobody knows how many: the runtime dropped them before they were read. */
  readonly gap?: true;
}

/**
 * How far `since` stays behind the last fragment (s). Within a stream times do not fall, but the two streams
 * are stamped before they are stored, so one may overtake the other by as long as the runtime is held up.
 */
export const OVERLAP_SECONDS = 5;

/** What of one stream was published before this reading, and what this reading has met of it. */
interface Resumption {
  readonly until: Position;
  met: number;
}

/**
 * Follows one reading that began at `cursor.since` or earlier.
 *
 * Whatever such a reading brings first was published before: up to the line at the stream's position (time and
 * count), or, if the runtime dropped that one meanwhile, up to the first line later than all that were
 * published. From there on everything is new, whatever its time.
 *
 * The reading must come past a line that was published before: past the last one, at least. If it brings new lines
 * without, the runtime has dropped that line, and perhaps others that nobody had read: the first new line says so.
 *
 * An example. `o` and `e` are lines of stdout and stderr, their numbers are times in seconds:
 *
 * ```text
 * published       o1 e2 o9      cursor: stdout stands at 9, stderr at 2; `since` 4, which is OVERLAP_SECONDS before o9
 * next reading    o9 e7 o12     o9 stands at stdout's position: it was published. e7 is later than all of stderr that
 *                               was, and came late into the log: new. o12 comes behind stdout's position: new.
 * or, after       o12           o9 had to come and did not: o12 is new, and says that something may be missing
 * a rotation                    before it. Had o12 not come either, `isGap` would stay true.
 * ```
 */
export class LogProgress {
  readonly #lines: LineAssembler;
  readonly #repeats = new RepeatCounter();
  readonly #resume = new Map<string, Resumption>();
  readonly #at = new Map<string, Position>();
  /** Time of the fragment that completed the last line, by stream. */
  readonly #ends = new Map<string, string>();
  #since: string | null;
  #seq: number;
  readonly #startSeq: number;
  readonly #eos: string | null;
  #last: Fragment | null = null;
  /** Whether a line of those published before must still come, and none has. */
  #unjoined = false;

  constructor(cursor: LogCursor, options: { maxLineBytes: number }) {
    this.#lines = new LineAssembler(options);
    this.#since = cursor.since;
    this.#seq = cursor.seq;
    this.#startSeq = cursor.seq;
    this.#eos = cursor.eos;
    for (const [stream, position] of Object.entries(cursor.at)) {
      this.#at.set(stream, position);
      this.#resume.set(stream, { until: position, met: 0 });
      if (cursor.since === null || position.time >= cursor.since) this.#unjoined = true;
    }
  }

  /** The last fragment of this reading, null before the first. */
  get last(): Fragment | null {
    return this.#last;
  }

  /** Whether this reading brought lines that were not published before. */
  get isNew(): boolean {
    return this.#seq > this.#startSeq;
  }

  /** Whether something may be missing between what was published before and what there is now. */
  get isGap(): boolean {
    return this.#unjoined;
  }

  /** The lines among those that `fragments` complete which were not published before. */
  add(fragments: readonly Fragment[]): NewLine[] {
    const lines: NewLine[] = [];
    for (const fragment of fragments) {
      if (fragment.beheaded && this.#resume.size === 0 && this.#startSeq === 0) this.#unjoined = true;
      const completed = this.#lines.add(fragment);
      for (const line of completed) this.#take(line, lines);
      if (completed.length > 0) this.#ends.set(fragment.stream, fragment.time);
      this.#last = fragment;
    }
    return lines;
  }

  /** The same for what had no newline yet: when the container has ended and the reading is complete. */
  finish(): NewLine[] {
    const lines: NewLine[] = [];
    for (const line of this.#lines.finish()) this.#take(line, lines);
    return lines;
  }

  /** The cursor that counts once all lines returned so far are published. */
  cursor(): LogCursor {
    return { since: this.#reopenAt(), at: Object.fromEntries(this.#at), seq: this.#seq, eos: this.#eos };
  }

  #take(line: Line, into: NewLine[]): void {
    // Lines published before are counted too: a reading may resume between two equal ones.
    const repeat = this.#repeats.count(line);
    if (this.#wasPublished(line)) return;
    const { stream, time } = line;
    const before = this.#at.get(stream);
    this.#at.set(stream, {
      time,
      count: before?.time === time ? before.count + 1 : 1,
      latest: before && before.latest > time ? before.latest : time,
    });
    into.push({ ...line, seq: ++this.#seq, repeat, ...(this.#unjoined ? { gap: true } : {}) });
    this.#unjoined = false;
  }

  #wasPublished({ stream, time }: Line): boolean {
    const resume = this.#resume.get(stream);
    if (!resume) return false;
    const { until } = resume;
    if (time > until.latest) {
      this.#resume.delete(stream);
      return false;
    }
    if (time === until.time) {
      this.#unjoined = false;
      if (++resume.met === until.count) this.#resume.delete(stream);
    }
    return true;
  }

  /**
   * As late as is safe: well before the last fragment, before every line still open, before the last line of all
   * (to see whether it is still there), and before the last line of a stream if part of it would be read again (its
   * rest must not look like a line) or if the clock was set back (its place is then not told by its time).
   */
  #reopenAt(): string | null {
    if (this.#last === null) return this.#since;
    const earliest = [this.#last.time, ...this.#lines.openSince()].reduce(earlier);
    const reopenAt = secondsBefore(earliest, OVERLAP_SECONDS);
    const newest = [...this.#at.values()].map(({ time }) => time).reduce(later, "");
    const needed = [...this.#at].filter(([stream, { time, latest }]) =>
      latest > time || time === newest || (this.#ends.get(stream) ?? "") >= reopenAt
    );
    const starts = needed.map(([, { time }]) => time);
    return secondsBefore([earliest, ...starts].reduce(earlier), OVERLAP_SECONDS);
  }
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
