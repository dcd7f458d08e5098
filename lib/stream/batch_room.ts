/** Entries of a first batch, at most: nobody knows yet how large they are. */
const FIRST = 256;
/** As much as a batch should hold (bytes), judging by the one before it. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * How many entries to take at once, so that a backlog of huge ones does not end whoever takes it: batches double as
 * long as their entries are small, and each owner that vanished before this one makes them begin with a quarter. So
 * even entries that were too many for one process become few enough for the next. Pure.
 */
export class BatchRoom {
  readonly #most: number;
  #entries: number;

  /** At most `most`; `vanished` owners before this one ended without a word. */
  constructor({ most, vanished }: { most: number; vanished: number }) {
    this.#most = most;
    this.#entries = Math.max(1, Math.floor(Math.min(most, FIRST) / 4 ** vanished));
  }

  /** Room of the next batch, at least 1. */
  get entries(): number {
    return this.#entries;
  }

  /** A batch was taken, and is done with: so many entries of so many bytes in all. */
  took(entries: number, bytes: number): void {
    if (entries === 0) return;
    const fitting = Math.floor(MAX_BYTES * entries / Math.max(1, bytes));
    this.#entries = Math.max(1, Math.min(this.#most, 2 * this.#entries, fitting));
  }
}
