/** A log that goes on being silent is compared with what the runtime holds at least once in so many intervals. */
const MOST_INTERVALS = 20;

/**
 * How often a silent log is compared with what the runtime holds: after one interval of silence, then two, four, …
 * A thousand silent jobs so cost the runtime next to nothing. Pure.
 */
export class SilencePace {
  #passed = 0;
  #due = 1;

  /** Something came, or something else calls for attention: begins anew. */
  reset(): void {
    this.#passed = 0;
    this.#due = 1;
  }

  /** One more interval of silence has passed: whether to compare now. */
  isDue(): boolean {
    if (++this.#passed < this.#due) return false;
    this.#passed = 0;
    this.#due = Math.min(2 * this.#due, MOST_INTERVALS);
    return true;
  }
}
