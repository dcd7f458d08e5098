/**
 * Where one picture of a log goes on after another.
 *
 * @module
 */
import type { Fragment } from "./runtime.ts";

/** Pieces of one line: they bear the line's time. */
interface Place {
  readonly stream: string;
  readonly time: string;
  /** Pieces given so far. */
  readonly count: number;
  /** There is no other piece of it. */
  readonly whole: boolean;
}

/** Remembers which fragment was given last, and finds it again in later pictures of the same log. Pure. */
export class LogAnchor {
  #last: Place | null = null;
  readonly #places = new Map<string, Place>();

  /** Time of the fragment given last; null before the first. */
  get time(): string | null {
    return this.#last?.time ?? null;
  }

  /** Notes that `fragments` were given, in this order. */
  pass(fragments: readonly Fragment[]): void {
    for (const { stream, time, newline } of fragments) {
      const before = this.#places.get(stream);
      const count = before?.time === time ? before.count + 1 : 1;
      this.#last = { stream, time, count, whole: newline && count === 1 };
      this.#places.set(stream, this.#last);
    }
  }

  /** Begins to look for it. `fromBegin`: the picture begins with the first fragment that there is. */
  search(fromBegin: boolean): AnchorSearch {
    return new AnchorSearch(this.#last, fromBegin);
  }
}

/** The way through one picture. */
export class AnchorSearch {
  readonly #place: Place | null;
  /** Whether the first piece met of the place's line is its first of all. */
  #sure: boolean;
  #met = 0;
  #found: boolean;

  constructor(place: Place | null, fromBegin: boolean) {
    this.#place = place;
    this.#sure = fromBegin || Boolean(place?.whole);
    this.#found = place === null && fromBegin;
  }

  /** Whether the fragment was met: then what came after it is all that followed. */
  get found(): boolean {
    return this.#found;
  }

  /** Those of the picture's next `fragments` that come after it. */
  take(fragments: Fragment[]): Fragment[] {
    if (this.#found) return fragments;
    const place = this.#place;
    if (place === null) return [];
    for (const [index, { stream, time }] of fragments.entries()) {
      if (stream !== place.stream) continue;
      if (time !== place.time) {
        // The pieces of one stream are in order: with another line's before it, no piece of this one is cut off.
        if (this.#met === 0) this.#sure = true;
      } else if (this.#sure && ++this.#met === place.count) {
        this.#found = true;
        return fragments.slice(index + 1);
      }
    }
    return [];
  }
}
