/**
 * Keeps the order within a job while one of its entries fails (architecture.md §5.3): the failing entry is tried
 * again after a growing pause, later entries of that job wait behind it, other jobs go on. Pure bookkeeping:
 * the clock comes in.
 *
 * Memory is bounded: a job's entries that find no room are left out, and taken again once those before them are
 * out of the way. So a job that fails for hours costs the others neither memory nor their turn.
 *
 * @module
 */

interface Held<T> {
  readonly waiting: T[];
  failures: number;
  retryAt: number;
  /** Id of the last entry that found room, if later ones did not. */
  lastKept: string | null;
}

/** Entries held back, by job. */
export class HoldBack<T extends { readonly id: string }> {
  readonly #jobs = new Map<string, Held<T>>();
  readonly #ids = new Set<string>();
  #bytes = 0;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #bytesOf: (entry: T) => number;

  /**
   * No more are kept once there are `maxEntries`, or `maxBytes` as `bytesOf` counts them; but the first one of each
   * held job is in any case.
   */
  constructor(
    maxEntries: number,
    { maxBytes = Infinity, bytesOf = () => 0 }: { maxBytes?: number; bytesOf?: (entry: T) => number } = {},
  ) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#bytesOf = bytesOf;
  }

  /** Entries held now. */
  get size(): number {
    return this.#ids.size;
  }

  /** Jobs held now. */
  get jobs(): number {
    return this.#jobs.size;
  }

  /** Whether entries of this job must wait. */
  has(jobId: string): boolean {
    return this.#jobs.has(jobId);
  }

  /**
   * Puts an entry behind those of its job that already wait; one that waits already stays where it is.
   *
   * @throws {Error} if the job is free.
   */
  append(jobId: string, entry: T): void {
    const held = this.#jobs.get(jobId);
    if (!held) {
      throw new Error(`Cannot put an entry behind others of job "${jobId}": the job is not held back`);
    }
    this.#keep(held, entry);
  }

  /**
   * Begins to hold a job: `entries` in order, the first one having failed once; tried again from `retryAt` on.
   *
   * @throws {Error} if the job is held already.
   */
  hold(jobId: string, entries: readonly T[], retryAt: number): void {
    if (this.#jobs.has(jobId)) throw new Error(`Cannot hold job "${jobId}" back: it is held already`);
    if (entries.length === 0) return;
    const held: Held<T> = { waiting: [], failures: 1, retryAt, lastKept: null };
    this.#jobs.set(jobId, held);
    for (const entry of entries) this.#keep(held, entry);
  }

  /** Jobs whose first entry may be tried again at `now`. */
  due(now: number): string[] {
    return [...this.#jobs].filter(([, held]) => held.retryAt <= now).map(([jobId]) => jobId);
  }

  /**
   * What to try next of a held job, and how often its first entry has failed: that one alone if it has, else up
   * to `count` entries. Null if the job is free.
   */
  next(jobId: string, count: number): { entries: readonly T[]; failures: number } | null {
    const held = this.#jobs.get(jobId);
    if (!held) return null;
    return { entries: held.waiting.slice(0, held.failures > 0 ? 1 : count), failures: held.failures };
  }

  /** The first entry of the job failed again. */
  failed(jobId: string, retryAt: number): void {
    const held = this.#jobs.get(jobId);
    if (held) Object.assign(held, { failures: held.failures + 1, retryAt });
  }

  /**
   * The first `count` entries are done (or dead-lettered): the next is due at once; a job with none left is free. If
   * entries of it were left out, the id after which they have to be taken again, else null.
   */
  settled(jobId: string, count = 1): string | null {
    const held = this.#jobs.get(jobId);
    if (!held) return null;
    for (const entry of held.waiting.splice(0, count)) {
      this.#ids.delete(entry.id);
      this.#bytes -= this.#bytesOf(entry);
    }
    Object.assign(held, { failures: 0, retryAt: 0 });
    if (held.waiting.length > 0) return null;
    this.#jobs.delete(jobId);
    return held.lastKept;
  }

  /** When the next entry becomes due (same clock as `now`), or null if none is held. */
  nextRetryAt(): number | null {
    const times = [...this.#jobs.values()].map((held) => held.retryAt);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Once one entry found no room, no later one may have any: they would come before it. */
  #keep(held: Held<T>, entry: T): void {
    if (this.#ids.has(entry.id) || held.lastKept !== null) return;
    const last = held.waiting.at(-1);
    const isFull = this.#ids.size >= this.#maxEntries || this.#bytes >= this.#maxBytes;
    if (last !== undefined && isFull) {
      held.lastKept = last.id;
      return;
    }
    held.waiting.push(entry);
    this.#ids.add(entry.id);
    this.#bytes += this.#bytesOf(entry);
  }
}
