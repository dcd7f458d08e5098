import type { Logger } from "../run/log.ts";

/** How a {@link KeyedWork} works. */
export interface KeyedWorkOptions {
  /** Does what there is to do for a key; whatever it needs to know it must find out itself. */
  readonly work: (key: string) => Promise<void>;
  /** Keys worked on at the same time. @default Infinity */
  readonly limit?: number;
  readonly log: Logger;
}

/**
 * Work that hints cause: one key's never overlaps with itself, different keys' does. Any number of hints that
 * come before or during a key's work cause one more round, so memory is bounded by the number of keys.
 */
export class KeyedWork {
  readonly #options: KeyedWorkOptions;
  readonly #waiting = new Set<string>();
  readonly #active = new Map<string, { again: boolean }>();
  #stopped = false;
  #idle: (() => void) | null = null;

  constructor(options: KeyedWorkOptions) {
    this.#options = options;
  }

  /** Sees to it that a round of work for `key` begins after this moment. */
  hint(key: string): void {
    if (this.#stopped) return;
    const active = this.#active.get(key);
    if (active) active.again = true;
    else this.#waiting.add(key);
    this.#startWaiting();
  }

  /** Begins no further round; resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#idle = resolve);
  }

  #startWaiting(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= (this.#options.limit ?? Infinity)) return;
      this.#waiting.delete(key);
      this.#round(key);
    }
  }

  async #round(key: string): Promise<void> {
    const state = { again: false };
    this.#active.set(key, state);
    try {
      await this.#options.work(key);
    } catch (error) {
      if (!this.#stopped) this.#options.log.error({ error, key }, "work failed, waiting for the next hint");
    }
    this.#active.delete(key);
    if (state.again && !this.#stopped) this.#waiting.add(key);
    this.#startWaiting();
    if (this.#active.size === 0) this.#idle?.();
  }
}
