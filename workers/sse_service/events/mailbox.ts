/**
 * Hands entries from the hub to one client, within a bound. Offering never waits: a mailbox that is full says
 * so once, drops what it holds, and its client catches up from history instead.
 *
 * @module
 */
import type { Kind } from "./position.ts";

/** An entry on its way to clients; `data` is shared by all of them. */
export interface LiveEntry {
  readonly kind: Kind;
  readonly id: string;
  readonly data: string;
}

/** Most that a mailbox holds (characters of `data`). */
export const MAILBOX_CAPACITY = 1_048_576;

/** See the module's description. */
export class Mailbox {
  #entries: LiveEntry[] = [];
  #size = 0;
  #overflowed = false;
  #wake = Promise.withResolvers<void>();

  constructor(readonly capacity: number = MAILBOX_CAPACITY) {}

  /** Whether entries were dropped: the client must catch up from history. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Adds an entry, or gives up for good when it does not fit. */
  offer(entry: LiveEntry): void {
    if (this.#overflowed) return;
    this.#size += entry.data.length;
    if (this.#size > this.capacity) {
      this.#overflowed = true;
      this.#entries = [];
    } else {
      this.#entries.push(entry);
    }
    this.#wake.resolve();
  }

  /** Takes all that is there. */
  take(): LiveEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    this.#size = 0;
    this.#wake = Promise.withResolvers();
    return entries;
  }

  /** Resolves when something was offered since the last `take`. */
  get filled(): Promise<void> {
    return this.#wake.promise;
  }
}
