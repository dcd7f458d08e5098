import { sleep } from "lib/run/sleep.ts";
import type { NewestConfirmation } from "lib/store/confirmations.ts";

/** How often it is looked for new confirmations while somebody waits (ms). */
const LOOK_MS = 250;

/** Waiting for confirmations: however many wait, the database is asked once for all. */
export class NewConfirmations {
  readonly #newest: () => Promise<NewestConfirmation>;
  #look: Promise<NewestConfirmation> | null = null;

  /** `newest` tells how far confirmations have come. */
  constructor(newest: () => Promise<NewestConfirmation>) {
    this.#newest = newest;
  }

  /** Resolves once there may be some behind `after`, or when `signal` aborts. Throws what `newest` throws. */
  async behind(after: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { newest, unnumbered } = await this.#next();
      if (unnumbered || newest > after) return;
    }
  }

  #next(): Promise<NewestConfirmation> {
    this.#look ??= sleep(LOOK_MS).then(() => {
      this.#look = null;
      return this.#newest();
    });
    return this.#look;
  }
}
