/**
 * Time that passes only while nobody has anything to do: what sleeps for minutes is tested in milliseconds.
 *
 * @module
 */
import { clearImmediate, setImmediate } from "node:timers";

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * Until disposed, `setTimeout` waits on a clock of its own that jumps to the next alarm whenever the event loop
 * has come to rest. For code that waits by timers alone, not for sockets or processes.
 */
export class VirtualTime implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #alarms = new Map<number, Alarm>();
  #now: number;
  #lastId = 0;
  #pacemaker: ReturnType<typeof setImmediate> | undefined;

  /** `start` is the first moment (ms since 1970). */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    const set = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      this.#alarms.set(++this.#lastId, { at: this.#now + Math.max(0, ms), ring: () => callback(...args) });
      this.#pace();
      return this.#lastId;
    };
    globalThis.setTimeout = set as unknown as typeof globalThis.setTimeout;
    globalThis.clearTimeout = (id) => void this.#alarms.delete(Number(id));
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => this.#now;

  [Symbol.dispose](): void {
    clearImmediate(this.#pacemaker);
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }

  /** A turn of the real event loop lets everything that is ready run first. */
  #pace(): void {
    this.#pacemaker ??= setImmediate(() => {
      this.#pacemaker = undefined;
      this.#ringNext();
      if (this.#alarms.size > 0) this.#pace();
    });
  }

  #ringNext(): void {
    const [first] = [...this.#alarms].sort(([a, one], [b, other]) => one.at - other.at || a - b);
    if (!first) return;
    const [id, { at, ring }] = first;
    this.#alarms.delete(id);
    this.#now = Math.max(this.#now, at);
    ring();
  }
}
