/**
 * One reading of a container's log from its cursor on, publishing what is new.
 *
 * @module
 */
import type { Fragment, Runtime } from "lib/runtime/runtime.ts";
import type { Logger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { unlessAborted } from "lib/run/unless_aborted.ts";
import type { LogRecord } from "lib/stream/log_record.ts";
import type { LogCursor } from "./cursor.ts";
import type { LinePublisher } from "./line_publisher.ts";
import { LogProgress, type NewLine } from "./log_progress.ts";
import type { LogForwarderMetrics } from "./metrics.ts";
import { SilencePace } from "./silence_pace.ts";
import { slices } from "./slices.ts";

/** How logs are read; one for all containers. */
export interface LogReadingOptions {
  readonly runtime: Runtime;
  readonly maxLineBytes: number;
  readonly record: LogRecord;
  /**
   * A reading that brings nothing for so long is compared with the end of the log, and again after twice that time,
   * four times, … up to twenty times; and after each such time it is made sure that Redis still has what was
   * published (ms).
   */
  readonly silenceMs: number;
  /** Source of chance in [0, 1). @default Math.random */
  readonly random?: () => number;
  readonly metrics?: LogForwarderMetrics;
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
  readonly #pace = new SilencePace();
  /** Whether something may have happened to the container that a reading would have to notice. */
  #nudged = false;

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
          const lines = this.progress.add(slice);
          warnOfGap(lines, this.#id, this.#options);
          await this.#publisher.lines(lines, this.progress.cursor(), signal);
        }
      }
      await this.#publisher.settled();
      return !either.aborted;
    } finally {
      silent.abort();
      await Promise.allSettled([watching, this.#publisher.settled()]);
    }
  }

  /** The container may have ended, or the connection to the runtime may be dead: has both looked at soon. */
  nudge(): void {
    this.#nudged = true;
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

  /**
   * Aborts `silent` when the reading brings nothing although there is more, or the container has ended; and when Redis
   * has lost what was published, which whoever publishes nothing would not notice.
   */
  async #watch(silent: AbortController): Promise<void> {
    const { silenceMs, random = Math.random, log } = this.#options;
    for (let seen = this.progress.last; !silent.signal.aborted;) {
      await sleep(silenceMs * (0.9 + 0.2 * random()), silent.signal); // so that not all ask at once
      if (silent.signal.aborted) return;
      if (await this.#isForgotten(silent.signal)) {
        log.warn({ container: this.#id }, "redis has lost what was published of a log, reading it anew");
        silent.abort();
      }
      const isNudged = this.#nudged;
      if (isNudged || this.#publisher.busy || this.progress.last !== seen) this.#pace.reset();
      if (this.#publisher.busy || this.progress.last !== seen) {
        seen = this.progress.last;
        continue;
      }
      if (silent.signal.aborted || !this.#pace.isDue()) continue;
      this.#nudged = false;
      if (!await this.#isBehind(isNudged, silent.signal)) continue;
      await sleep(Math.min(UNDER_WAY_MS, silenceMs), silent.signal);
      if (silent.signal.aborted || this.progress.last !== seen) continue;
      log.warn({ container: this.#id }, "a log fell silent although there is more, reading it anew");
      silent.abort();
    }
  }

  /** Whether the cursor in Redis is not the one that this reading published last. */
  async #isForgotten(signal: AbortSignal): Promise<boolean> {
    const { seq } = this.progress.cursor();
    const asked = this.#options.record.cursor(this.#id).then((cursor) => ({ cursor }), () => null);
    const answer = await unlessAborted(asked, signal);
    const isSettled = !this.#publisher.busy && this.progress.cursor().seq === seq;
    return answer !== null && isSettled && !this.#publisher.continues(answer.cursor);
  }

  /** Whether there is more than this reading brought or, if asked, the container no longer runs. */
  async #isBehind(mayHaveEnded: boolean, signal: AbortSignal): Promise<boolean> {
    try {
      if (mayHaveEnded) {
        const facts = await this.#options.runtime.inspect(this.#id, signal);
        if (facts?.phase !== "running") return true;
      }
      return !await this.sawTheEnd(signal);
    } catch {
      return true;
    }
  }
}

/** A line that follows a gap is told by its event; this is for whoever looks after the machine. */
function warnOfGap(
  lines: readonly NewLine[],
  container: string,
  { log, metrics }: Pick<LogReadingOptions, "log" | "metrics">,
): void {
  const first = lines.find(({ gap }) => gap);
  if (first) {
    metrics?.gap();
    log.warn({ container, seq: first.seq }, "the runtime dropped lines of a log before they were read");
  }
}

function sameFragment(a: Fragment, b: Fragment): boolean {
  return a.stream === b.stream && a.time === b.time && a.newline === b.newline &&
    a.bytes.byteLength === b.bytes.byteLength;
}
