/**
 * Keeps the order within a job while one of its entries fails (architecture.md §5.3): the failing entry is tried
 * again after a growing pause, later entries of that job wait behind it, other jobs go on. Pure bookkeeping:
 * the clock comes in.
 *
 * @module
 */

interface Held<T> {
  readonly waiting: T[];
  failures: number;
  retryAt: number;
}

/** Entries held back, by job. */
export class HoldBack<T> {
  readonly #jobs = new Map<string, Held<T>>();
  #size = 0;

  /** Entries held now. */
  get size(): number {
    return this.#size;
  }

  /** Whether entries of this job must wait. */
  has(jobId: string): boolean {
    return this.#jobs.has(jobId);
  }

  /** Puts an entry behind those of its job that already wait. @throws {Error} if the job is free. */
  append(jobId: string, entry: T): void {
    const held = this.#jobs.get(jobId);
    if (!held) {
      throw new Error(`Cannot put an entry behind others of job "${jobId}": the job is not held back`);
    }
    held.waiting.push(entry);
    this.#size++;
  }

  /**
   * Begins to hold a job: `entries` in order, the first one having failed once; tried again from `retryAt` on.
   *
   * @throws {Error} if the job is held already.
   */
  hold(jobId: string, entries: readonly T[], retryAt: number): void {
    if (this.#jobs.has(jobId)) throw new Error(`Cannot hold job "${jobId}" back: it is held already`);
    if (entries.length === 0) return;
    this.#jobs.set(jobId, { waiting: [...entries], failures: 1, retryAt });
    this.#size += entries.length;
  }

  /** Jobs whose first entry may be tried again at `now`. */
  due(now: number): string[] {
    return [...this.#jobs].filter(([, held]) => held.retryAt <= now).map(([jobId]) => jobId);
  }

  /** The first entry of a held job and how often it has failed; null if the job is free. */
  first(jobId: string): { entry: T; failures: number } | null {
    const held = this.#jobs.get(jobId);
    const [entry] = held?.waiting ?? [];
    return held && entry !== undefined ? { entry, failures: held.failures } : null;
  }

  /** The first entry of the job failed again. */
  failed(jobId: string, retryAt: number): void {
    const held = this.#jobs.get(jobId);
    if (held) Object.assign(held, { failures: held.failures + 1, retryAt });
  }

  /** The first entry of the job is done (or buried): the next one is due at once; a job with none left is free. */
  settled(jobId: string): void {
    const held = this.#jobs.get(jobId);
    if (!held) return;
    held.waiting.shift();
    this.#size--;
    if (held.waiting.length === 0) this.#jobs.delete(jobId);
    else Object.assign(held, { failures: 0, retryAt: 0 });
  }

  /** When the next entry becomes due (same clock as `now`), or null if none is held. */
  nextRetryAt(): number | null {
    const times = [...this.#jobs.values()].map((held) => held.retryAt);
    return times.length === 0 ? null : Math.min(...times);
  }
}
