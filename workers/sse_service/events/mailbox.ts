/**
 * Keeps a job's live entries for one client that is still reading history, within a bound. Offering never waits: a
 * mailbox that is full says so once, drops what it holds, and its client goes on reading history instead.
 *
 * @module
 */
import type { Entry } from "./entry.ts";

/** Most that a mailbox holds (characters of `data`). */
export const MAILBOX_CAPACITY = 1_048_576;

/** See the module's description. */
export class Mailbox {
  #entries: Entry[] = [];
  #size = 0;
  #overflowed = false;

  constructor(readonly capacity: number = MAILBOX_CAPACITY) {}

  /** Whether entries were dropped: the client must catch up from history. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** Adds an entry, or gives up for good when it does not fit. */
  offer(entry: Entry): void {
    if (this.#overflowed) return;
    this.#size += entry.data.length;
    if (this.#size > this.capacity) return this.giveUp();
    this.#entries.push(entry);
  }

  /** Drops what it holds and takes no more: what comes cannot be counted on. */
  giveUp(): void {
    this.#overflowed = true;
    this.#entries = [];
  }

  /** Takes all that is there. */
  take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    this.#size = 0;
    return entries;
  }
}
