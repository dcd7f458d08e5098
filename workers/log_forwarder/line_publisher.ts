/**
 * Publishes one container's lines and its end, each together with the cursor that says so.
 *
 * @module
 */
import { encodeLogEvent } from "lib/event/codec.ts";
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { openSpan } from "lib/run/trace.ts";
import { type LogBatch, type LogRecord, StreamFullError } from "lib/stream/log_record.ts";
import { untilTaken } from "lib/stream/until_taken.ts";
import { encodeCursor, type LogCursor } from "./cursor.ts";
import { LineEncoder } from "./line_encoder.ts";
import { endOfStreamEvent, type LogSubject } from "./log_events.ts";
import type { NewLine } from "./log_progress.ts";
import type { LogForwarderMetrics } from "./metrics.ts";

/** Somebody else has published lines of this container: read its cursor again. */
export class CursorMovedError extends Error {
  override readonly name = "CursorMovedError";

  constructor(containerId: string) {
    super(`Cannot publish lines of container "${containerId}": its cursor was moved by another forwarder`);
  }
}

/** Lines that wait for room in their stream are sent again at least so often (ms). */
const ROOM_MS = 500;
/** A stream that has had no room so often is worth a warning. */
const WARNED_TRIES = 6;

/** What a {@link LinePublisher} needs; one for all containers. */
export interface LinePublisherOptions {
  readonly record: LogRecord;
  /** The stream of a job. */
  readonly streamOf: (jobId: string) => string;
  readonly maxlen: number;
  readonly metrics?: LogForwarderMetrics;
  readonly log: Logger;
}

/** The part of them that one publisher uses. */
type PublisherOptions = Omit<LinePublisherOptions, "record"> & {
  readonly record: Pick<LogRecord, "publish">;
};

/**
 * Publishes onto one cursor, as long as nobody else does. Two batches may be on their way while the next one is made;
 * a fault shows at a later call (and by `failed` at once), and ends the publisher. Waits through outages of Redis, and
 * while the stream has no room.
 */
export class LinePublisher {
  readonly #subject: LogSubject;
  readonly #encoder: LineEncoder;
  readonly #options: PublisherOptions;
  /** The cursor after everything sent so far. */
  #expected: string | null;
  /** The last two batches sent. */
  #before: Promise<void> = Promise.resolve();
  #last: Promise<void> = Promise.resolve();
  #onTheirWay = 0;
  readonly #failed = new AbortController();

  /** `cursor` is its text as it was read, null if there was none. */
  constructor(subject: LogSubject, cursor: string | null, options: PublisherOptions) {
    this.#subject = subject;
    this.#encoder = new LineEncoder(subject);
    this.#expected = cursor;
    this.#options = options;
  }

  /** Whether a batch is on its way. */
  get busy(): boolean {
    return this.#onTheirWay > 0;
  }

  /** Aborts when something that was sent could not be published. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Whether what it would publish still follows on `cursor`. */
  continues(cursor: string | null): boolean {
    return this.#expected === cursor;
  }

  /**
   * Sends lines on their way, after which `cursor` counts, as soon as there is but one batch on its way.
   *
   * @throws as {@link settled} does, about lines sent before.
   */
  async lines(lines: readonly NewLine[], cursor: LogCursor, signal: AbortSignal): Promise<void> {
    if (lines.length === 0) return;
    const entries = lines.map((line) => this.#encoder.encode(line));
    await this.#before;
    this.#send(entries, cursor, { closes: false, newest: lines.at(-1)?.time, signal });
  }

  /**
   * Publishes the last lines and the end-of-stream marker; `cursor` has the end's name in `eos`. `gap`: lines before
   * the end may be missing.
   *
   * @throws as {@link settled} does.
   */
  async end(
    lines: readonly NewLine[],
    cursor: LogCursor,
    end: { at: string; gap: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const marker = endOfStreamEvent(this.#subject, { endedAt: end.at, seq: cursor.seq, gap: end.gap });
    const entries = [...lines.map((line) => this.#encoder.encode(line)), encodeLogEvent(marker)];
    await this.settled();
    this.#send(entries, cursor, { closes: true, newest: lines.at(-1)?.time, signal });
    await this.settled();
  }

  /**
   * Resolves when all that was sent is published.
   *
   * @throws {CursorMovedError}, or the signal's reason if it aborted in an outage.
   */
  async settled(): Promise<void> {
    await this.#last;
  }

  #send(
    entries: readonly string[],
    cursor: LogCursor,
    how: { closes: boolean; newest: string | undefined; signal: AbortSignal },
  ): void {
    const { streamOf, maxlen, metrics, log } = this.#options;
    const { container_id: containerId, job_id } = this.#subject;
    const { closes, signal } = how;
    const next = encodeCursor(cursor);
    const span = openSpan("forward lines", { attributes: { job_id, lines: entries.length } });
    const batch = {
      containerId,
      stream: streamOf(job_id),
      maxlen,
      entries,
      expected: this.#expected,
      next,
      closes,
      traceparent: span?.traceparent,
    };
    this.#expected = next;
    this.#onTheirWay++;
    const before = this.#before = this.#last;
    this.#last = untilTaken(() => this.#publish(batch, before, signal), { signal, log })
      .finally(() => this.#onTheirWay--);
    this.#last.then(() => {
      metrics?.published(entries, how.newest);
      span?.end();
    }, () => this.#failed.abort());
  }

  /**
   * Redis takes in order what comes over one connection, so the answer about the batch before need not be awaited.
   * That one may have been refused, though, and be on its way again: then this one is too early, and tried again.
   */
  async #publish(batch: LogBatch, before: Promise<void>, signal: AbortSignal): Promise<void> {
    if (await this.#whenThereIsRoom(batch, signal) === null) return;
    await before;
    if (await this.#whenThereIsRoom(batch, signal) !== null) throw new CursorMovedError(batch.containerId);
  }

  async #whenThereIsRoom(batch: LogBatch, signal: AbortSignal): ReturnType<LogRecord["publish"]> {
    const { record, log } = this.#options;
    for (let tries = 1;; tries++) {
      try {
        return await record.publish(batch);
      } catch (error) {
        if (!(error instanceof StreamFullError)) throw error;
        if (tries === WARNED_TRIES) log.warn({ container: batch.containerId }, error.message);
        await sleep(backoffMs(tries, { baseMs: 20, capMs: ROOM_MS }), signal);
        signal.throwIfAborted();
      }
    }
  }
}
