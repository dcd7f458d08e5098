/** A search takes longer than it may, or too many wait for their turn: the same one may succeed later. */
export class SearchLimitError extends Error {
  override readonly name = "SearchLimitError";
}

/** Searches at once and waiting ones, so that whoever searches leaves time to those who read. */
export class SearchTurns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly atOnce: number = 2, readonly mayWait: number = 6) {}

  /** The result of `search`, once it is its turn. @throws {SearchLimitError} if too many wait. */
  async take<T>(search: () => Promise<T>): Promise<T> {
    if (this.#running >= this.atOnce) {
      if (this.#waiting.length >= this.mayWait) {
        throw new SearchLimitError(`Cannot search: ${this.mayWait} other searches wait already`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve)); // the turn is handed over
    } else this.#running++;
    try {
      return await search();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
