import type { StreamEntry } from "./tail.ts";

/** Entries asked for as long as nobody knows how long they are. */
const FIRST = 64;
/** An answer of about this length is enough (characters). */
const ENOUGH = 2_097_152;

/** How many entries to ask for at once: many short ones, few long ones. A line may be a megabyte long. */
export class PageSize {
  readonly #most: number;
  #count: number;

  constructor(most: number) {
    this.#most = most;
    this.#count = Math.min(FIRST, most);
  }

  /** The next `COUNT`. */
  get count(): number {
    return this.#count;
  }

  /** Goes by how long the entries of the last answer were. */
  saw(entries: readonly Pick<StreamEntry, "data">[]): void {
    if (entries.length === 0) return;
    const length = entries.reduce((sum, { data }) => sum + data.length, 0) / entries.length;
    this.#count = Math.max(1, Math.min(this.#most, Math.floor(ENOUGH / Math.max(1, length))));
  }
}
