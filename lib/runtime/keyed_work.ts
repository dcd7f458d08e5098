import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";

/** How a {@link KeyedWork} works. */
export interface KeyedWorkOptions {
  /**
   * Does what there is to do for a key; whatever it needs to know it must find out itself. What fails with an
   * {@link OutageError} is done again after a while, and meanwhile takes nobody's place.
   */
  readonly work: (key: string) => Promise<void>;
  /** Keys worked on at the same time. @default Infinity */
  readonly limit?: number;
  readonly log: Logger;
}

/**
 * Work that hints cause: one key's never overlaps with itself, different keys' does, unless they are of one group:
 * those take turns, in the order of their hints, and wait for one of them that met an outage. Any number of hints that
 * come before or during a key's work cause one more round, so memory is bounded by the number of keys.
 */
export class KeyedWork {
  readonly #options: KeyedWorkOptions;
  /** In the order of their turns, with the group of each, if it has one. Those that are worked on wait for another. */
  #waiting = new Map<string, string | undefined>();
  readonly #active = new Map<string, string | undefined>();
  /** Groups of which one key is worked on, or waits for the end of an outage. */
  readonly #busy = new Set<string>();
  /** Outages in a row that a key's work met, and whether its next try is on the way. */
  readonly #outages = new Map<string, { count: number; isDue: boolean }>();
  readonly #stop = new AbortController();
  #idle: (() => void) | null = null;

  constructor(options: KeyedWorkOptions) {
    this.#options = options;
  }

  /** Sees to it that a round of work for `key` begins after this moment. */
  hint(key: string, group?: string): void {
    if (this.#stop.signal.aborted) return;
    const known = group ?? this.#waiting.get(key) ?? this.#active.get(key);
    this.#waiting.set(key, known);
    this.#start(key, known); // no other key can begin because of it
  }

  /** The same for many: they take their turns in this order, and before all others that wait. */
  hintInOrder(keys: readonly { readonly key: string; readonly group?: string }[]): void {
    if (this.#stop.signal.aborted) return;
    const first = new Map(
      keys.map(({ key, group }) => [key, group ?? this.#waiting.get(key) ?? this.#active.get(key)]),
    );
    for (const key of first.keys()) this.#waiting.delete(key);
    this.#waiting = new Map([...first, ...this.#waiting]);
    this.#startWaiting();
  }

  /** Begins no further round; resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#waiting.clear();
    if (this.#active.size > 0) await new Promise<void>((resolve) => this.#idle = resolve);
  }

  #startWaiting(): void {
    for (const [key, group] of this.#waiting) {
      if (!this.#hasPlace) return;
      this.#start(key, group);
    }
  }

  get #hasPlace(): boolean {
    return this.#active.size < (this.#options.limit ?? Infinity);
  }

  /** Begins a round if there is a place, and it is the key's turn. */
  #start(key: string, group: string | undefined): void {
    if (!this.#hasPlace || this.#active.has(key) || (group !== undefined && this.#busy.has(group))) return;
    this.#waiting.delete(key);
    this.#round(key, group);
  }

  async #round(key: string, group: string | undefined): Promise<void> {
    this.#active.set(key, group);
    if (group !== undefined) this.#busy.add(group);
    const outage = await this.#work(key);
    this.#active.delete(key);
    if (outage) this.#later(key, group, outage);
    else if (group !== undefined) this.#busy.delete(group);
    this.#startWaiting();
    if (this.#active.size === 0) this.#idle?.();
  }

  /** Returns the outage that it met, if any. */
  async #work(key: string): Promise<OutageError | null> {
    try {
      await this.#options.work(key);
      this.#outages.delete(key);
    } catch (error) {
      if (error instanceof OutageError) return error;
      this.#outages.delete(key);
      if (!this.#stop.signal.aborted) {
        this.#options.log.error({ error, key }, "work failed, waiting for the next hint");
      }
    }
    return null;
  }

  /** The next try, before all others of its group. */
  async #later(key: string, group: string | undefined, error: OutageError): Promise<void> {
    const { signal } = this.#stop;
    const outages = this.#outages.get(key) ?? { count: 0, isDue: false };
    this.#outages.set(key, outages);
    if (++outages.count === 1 && !signal.aborted) {
      this.#options.log.warn({ key, error: error.message }, "waiting for the outage to end");
    }
    if (outages.isDue) return;
    outages.isDue = true;
    await sleep(backoffMs(outages.count), signal);
    outages.isDue = false;
    if (signal.aborted) return;
    if (group !== undefined) this.#busy.delete(group);
    const others = [...this.#waiting].filter(([other]) => other !== key);
    this.#waiting = new Map([[key, group], ...others]);
    this.#startWaiting();
  }
}
