/**
 * One reading of a container's log from its cursor on, publishing what is new.
 *
 * @module
 */
import type { Fragment, Runtime } from "lib/runtime/runtime.ts";
import type { Logger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import type { LogCursor } from "./cursor.ts";
import type { LinePublisher } from "./line_publisher.ts";
import { LogProgress } from "./log_progress.ts";
import { slices } from "./slices.ts";

/** How logs are read; one for all containers. */
export interface LogReadingOptions {
  readonly runtime: Runtime;
  readonly maxLineBytes: number;
  /** A reading that brings nothing for so long is compared with the end of the log (ms). */
  readonly silenceMs: number;
  readonly log: Logger;
}

/** How long a fragment may at most be under way before it counts as missing (ms). */
const UNDER_WAY_MS = 2_000;

/** One reading. Made for each anew. */
export class LogReading {
  readonly progress: LogProgress;
  readonly #id: string;
  readonly #cursor: LogCursor;
  readonly #publisher: LinePublisher;
  readonly #options: LogReadingOptions;

  constructor(id: string, cursor: LogCursor, publisher: LinePublisher, options: LogReadingOptions) {
    this.#id = id;
    this.#cursor = cursor;
    this.#publisher = publisher;
    this.#options = options;
    this.progress = new LogProgress(cursor, options);
  }

  /**
   * Reads to the end and publishes all complete lines that are new. True if the reading came to its regular end;
   * false if it was cut short by `signal` or because it had fallen silent.
   *
   * @throws {OutageError} if the runtime is away.
   * @throws {LogsUnavailableError}
   * @throws {CursorMovedError}
   */
  async run(follow: boolean, signal: AbortSignal): Promise<boolean> {
    const silent = new AbortController();
    const either = AbortSignal.any([signal, silent.signal, this.#publisher.failed]);
    const since = await this.#begin(signal);
    const watching = this.#watch(silent);
    try {
      for await (const fragments of this.#options.runtime.lines(this.#id, { since, follow }, either)) {
        for (const slice of slices(fragments)) {
          if (either.aborted) break;
          await this.#publisher.lines(this.progress.add(slice), this.progress.cursor(), signal);
        }
      }
      await this.#publisher.settled();
      return !either.aborted;
    } finally {
      silent.abort();
      await Promise.allSettled([watching, this.#publisher.settled()]);
    }
  }

  /** Whether the reading has seen the end of what the runtime holds. */
  async sawTheEnd(signal: AbortSignal): Promise<boolean> {
    const last = await this.#options.runtime.lastFragment(this.#id, signal);
    return last === null || (this.progress.last !== null && sameFragment(last, this.progress.last));
  }

  /**
   * Where to begin: at the cursor, unless the log ends before it. Then the runtime's clock was set back, what was
   * written since bears earlier times, and only reading all of it finds that.
   */
  async #begin(signal: AbortSignal): Promise<string | null> {
    const { since } = this.#cursor;
    if (since === null) return null;
    const last = await this.#options.runtime.lastFragment(this.#id, signal);
    return last !== null && last.time < since ? null : since;
  }

  /** Aborts `silent` when the reading brings nothing although there is more, or the container has ended. */
  async #watch(silent: AbortController): Promise<void> {
    const { silenceMs, log } = this.#options;
    for (let seen = this.progress.last; !silent.signal.aborted;) {
      await sleep(silenceMs, silent.signal);
      if (this.#publisher.busy || this.progress.last !== seen) {
        seen = this.progress.last;
        continue;
      }
      if (silent.signal.aborted || !await this.#isBehind(silent.signal)) continue;
      await sleep(Math.min(UNDER_WAY_MS, silenceMs), silent.signal);
      if (silent.signal.aborted || this.progress.last !== seen) continue;
      log.warn({ container: this.#id }, "a log fell silent although there is more, reading it anew");
      silent.abort();
    }
  }

  async #isBehind(signal: AbortSignal): Promise<boolean> {
    try {
      const facts = await this.#options.runtime.inspect(this.#id, signal);
      return facts?.phase !== "running" || !await this.sawTheEnd(signal);
    } catch {
      return true;
    }
  }
}

function sameFragment(a: Fragment, b: Fragment): boolean {
  return a.stream === b.stream && a.time === b.time && a.newline === b.newline &&
    a.bytes.byteLength === b.bytes.byteLength;
}
