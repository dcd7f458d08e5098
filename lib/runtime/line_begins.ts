/**
 * Where a line begins although the one before it had no newline: a container that was started again goes on
 * writing to the same log, and nothing but the time tells its first line from the rest of the last one before.
 *
 * @module
 */
import type { Fragment } from "./runtime.ts";

/** Looks at the fragments of one log, in order. Pure. */
export class LineBegins {
  readonly #open = new Map<string, string>();
  readonly #oneTimePerLine: boolean;

  /** `oneTimePerLine`: whether all pieces of a line carry the same time; if not, nothing is ever marked. */
  constructor(options: { oneTimePerLine: boolean }) {
    this.#oneTimePerLine = options.oneTimePerLine;
  }

  /** The same fragments, with `begins` set where it must be. */
  mark(fragments: Fragment[]): Fragment[] {
    if (!this.#oneTimePerLine) return fragments;
    return fragments.map((fragment) => {
      const openTime = this.#open.get(fragment.stream);
      if (fragment.newline) this.#open.delete(fragment.stream);
      else this.#open.set(fragment.stream, fragment.time);
      return openTime !== undefined && openTime !== fragment.time ? { ...fragment, begins: true } : fragment;
    });
  }
}
