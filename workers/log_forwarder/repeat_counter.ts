import type { Line } from "lib/runtime/lines.ts";

/** Digits of a canonical time up to the microsecond, the finest that an event id knows. */
const MICROSECOND_DIGITS = "2026-01-01T00:00:00.000000".length;

interface Moment {
  readonly micros: string;
  readonly first: string;
  /** Only if there was a second line. */
  counts: Map<string, number> | null;
}

/** Counts equal lines of one stream in one microsecond: their event ids must differ (wire.md §3). Pure. */
export class RepeatCounter {
  readonly #moments = new Map<string, Moment>();

  /** Which one `line` is, from 1. Lines of one stream must come in order. */
  count({ stream, time, text }: Pick<Line, "stream" | "time" | "text">): number {
    const micros = time.slice(0, MICROSECOND_DIGITS);
    const moment = this.#moments.get(stream);
    if (moment?.micros !== micros) {
      this.#moments.set(stream, { micros, first: text, counts: null });
      return 1;
    }
    moment.counts ??= new Map([[moment.first, 1]]);
    const count = (moment.counts.get(text) ?? 0) + 1;
    moment.counts.set(text, count);
    return count;
  }
}
