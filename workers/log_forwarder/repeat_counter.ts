import type { Line } from "lib/runtime/lines.ts";

/** Digits of a canonical time up to the microsecond, the finest that an event id knows. */
const MICROSECOND_DIGITS = "2026-01-15T12:00:00.000000".length;

interface Moment {
  readonly micros: string;
  readonly first: string;
  /** Only if there was a second line. */
  more: { readonly counts: Map<string, number>; readonly hashed: Set<string> } | null;
}

/**
 * Numbers the lines of one stream in one microsecond so that no two of them get the same event id (wire.md §3): stores
 * and readers take those for one line. The number becomes part of the text that is hashed, as `{line}:{number}`, from 2
 * on; a process may print just that, so a number whose text is taken is passed over. Pure.
 */
export class RepeatCounter {
  readonly #moments = new Map<string, Moment>();

  /** The number of `line`: mostly 1, of equal lines 2, 3, …. Lines of one stream must come in order. */
  count({ stream, time, text }: Pick<Line, "stream" | "time" | "text">): number {
    const micros = time.slice(0, MICROSECOND_DIGITS);
    const moment = this.#moments.get(stream);
    if (moment?.micros !== micros) {
      this.#moments.set(stream, { micros, first: text, more: null });
      return 1;
    }
    const { counts, hashed } = moment.more ??= {
      counts: new Map([[moment.first, 1]]),
      hashed: new Set([moment.first]),
    };
    let count = (counts.get(text) ?? 0) + 1;
    while (hashed.has(hashedText(text, count))) count++;
    counts.set(text, count);
    hashed.add(hashedText(text, count));
    return count;
  }
}

function hashedText(text: string, count: number): string {
  return count === 1 ? text : `${text}:${count}`;
}
