/**
 * Time that passes only while nobody has anything to do: what sleeps for minutes is tested in milliseconds.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { clearImmediate, setImmediate } from "node:timers";

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
  /** The pretended process that set it. */
  readonly process: string | undefined;
}

/**
 * Until disposed, `setTimeout` waits on a clock of its own that jumps to the next alarm whenever the event loop
 * has come to rest. For code that waits by timers alone, not for sockets or processes.
 *
 * Code may run as one of several pretended processes ({@link run}): one that is frozen hears no alarm until it
 * is thawed, as after SIGSTOP; one that was killed never hears one again.
 */
export class VirtualTime implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #alarms = new Map<number, Alarm>();
  readonly #process = new AsyncLocalStorage<string | undefined>();
  readonly #frozen = new Set<string>();
  readonly #killed = new Set<string>();
  #now: number;
  #lastId = 0;
  #pacemaker: ReturnType<typeof setImmediate> | undefined;

  /** `start` is the first moment (ms since 1970). */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    const set = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const [at, process] = [this.#now + Math.max(0, ms), this.#process.getStore()];
      this.#alarms.set(++this.#lastId, { at, ring: () => callback(...args), process });
      this.#pace();
      return this.#lastId;
    };
    globalThis.setTimeout = set as unknown as typeof globalThis.setTimeout;
    globalThis.clearTimeout = (id) => void this.#alarms.delete(Number(id));
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => this.#now;

  /** Runs `act`, and all that it begins, as the process of this name; a name is used for one process only. */
  run<T>(process: string, act: () => T): T {
    return this.#process.run(process, act);
  }

  /** The process stops where it next waits. */
  freeze(process: string): void {
    this.#frozen.add(process);
  }

  /** The process goes on; what it waited for rings late. */
  thaw(process: string): void {
    this.#frozen.delete(process);
    this.#pace();
  }

  /** The process is gone from where it next waits. */
  kill(process: string): void {
    this.#killed.add(process);
  }

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
    let next: [number, Alarm] | undefined;
    for (const [id, alarm] of this.#alarms) {
      if (alarm.process !== undefined && this.#killed.has(alarm.process)) this.#alarms.delete(id);
      else if (alarm.process !== undefined && this.#frozen.has(alarm.process)) continue;
      else if (!next || alarm.at < next[1].at) next = [id, alarm];
    }
    if (!next) return;
    const [id, { at, ring, process }] = next;
    this.#alarms.delete(id);
    this.#now = Math.max(this.#now, at);
    this.#process.run(process, ring);
  }
}
