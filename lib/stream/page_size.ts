/** Entries of the first read, at most: nobody knows yet how long they are. */
const FIRST = 64;
/** As much as one read should bring, if nobody says otherwise (characters or bytes). */
const ENOUGH = 2 * 1024 * 1024;

/** What a read brought, as far as its size goes. */
interface Sized {
  readonly data: { readonly length: number } | null;
}

/**
 * How many entries to read at once, so that a backlog of huge ones does not end whoever reads it (a line may be
 * megabytes long): twice as many as before, as long as as many like the last ones are not too much. Pure.
 */
export class PageSize {
  readonly #most: number;
  readonly #enough: number;
  #count: number;

  /**
   * At most `most` entries, of about `enough` bytes. `crashes`: how many readers before this one ended without a word;
   * with each it begins with a quarter, so even entries that were too many for one become few enough for the next.
   */
  constructor(most: number, { enough = ENOUGH, crashes = 0 } = {}) {
    this.#most = most;
    this.#enough = enough;
    this.#count = Math.max(1, Math.floor(Math.min(most, FIRST) / 4 ** crashes));
  }

  /** The next `COUNT`, at least 1. */
  get count(): number {
    return this.#count;
  }

  /** Goes by what the last read brought. */
  saw(entries: readonly Sized[]): void {
    if (entries.length === 0) return;
    const length = entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0) / entries.length;
    const fitting = Math.floor(this.#enough / Math.max(1, length));
    this.#count = Math.max(1, Math.min(this.#most, 2 * this.#count, fitting));
  }
}
