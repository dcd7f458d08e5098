/**
 * Publishes one container's lines and its end, each together with the cursor that says so.
 *
 * @module
 */
import { encodeLogEvent } from "lib/event/codec.ts";
import type { Logger } from "lib/run/log.ts";
import type { LogRecord } from "lib/stream/log_record.ts";
import { untilTaken } from "lib/stream/until_taken.ts";
import { encodeCursor, type LogCursor } from "./cursor.ts";
import { endOfStreamEvent, lineEvent, type LogSubject } from "./log_events.ts";
import type { NewLine } from "./log_progress.ts";

/** Somebody else has published lines of this container: read its cursor again. */
export class CursorMovedError extends Error {
  override readonly name = "CursorMovedError";

  constructor(containerId: string) {
    super(`Cannot publish lines of container "${containerId}": its cursor was moved by another forwarder`);
  }
}

/** What a {@link LinePublisher} needs; one for all containers. */
export interface LinePublisherOptions {
  readonly record: LogRecord;
  /** The stream of a job. */
  readonly streamOf: (jobId: string) => string;
  readonly maxlen: number;
  readonly log: Logger;
}

/**
 * Publishes onto one cursor, as long as nobody else does. While a batch is on its way the next one can be made;
 * a fault shows at the next call (and by `failed` at once), and ends the publisher. Waits through outages of Redis.
 */
export class LinePublisher {
  readonly #subject: LogSubject;
  readonly #options: LinePublisherOptions;
  /** The cursor after everything sent so far. */
  #expected: string | null;
  #onItsWay: Promise<void> = Promise.resolve();
  #busy = false;
  readonly #failed = new AbortController();

  /** `cursor` is its text as it was read, null if there was none. */
  constructor(subject: LogSubject, cursor: string | null, options: LinePublisherOptions) {
    this.#subject = subject;
    this.#expected = cursor;
    this.#options = options;
  }

  /** Whether a batch is on its way. */
  get busy(): boolean {
    return this.#busy;
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
   * Sends lines on their way, after which `cursor` counts, as soon as those before have arrived.
   *
   * @throws as {@link settled} does, about the lines before.
   */
  async lines(lines: readonly NewLine[], cursor: LogCursor, signal: AbortSignal): Promise<void> {
    if (lines.length === 0) return;
    const entries = lines.map((line) => encodeLogEvent(lineEvent(this.#subject, line)));
    await this.settled();
    this.#send(entries, cursor, { closes: false, signal });
  }

  /**
   * Publishes the last lines and the end-of-stream marker; `cursor` has the end's name in `eos`.
   *
   * @throws as {@link settled} does.
   */
  async end(
    lines: readonly NewLine[],
    cursor: LogCursor,
    endedAt: string,
    signal: AbortSignal,
  ): Promise<void> {
    const marker = endOfStreamEvent(this.#subject, { endedAt, seq: cursor.seq });
    const events = [...lines.map((line) => lineEvent(this.#subject, line)), marker];
    await this.settled();
    this.#send(events.map(encodeLogEvent), cursor, { closes: true, signal });
    await this.settled();
  }

  /**
   * Resolves when all that was sent is published.
   *
   * @throws {CursorMovedError}, or the signal's reason if it aborted in an outage.
   */
  async settled(): Promise<void> {
    await this.#onItsWay;
  }

  #send(entries: readonly string[], cursor: LogCursor, how: { closes: boolean; signal: AbortSignal }): void {
    const { record, streamOf, maxlen, log } = this.#options;
    const { container_id: containerId, job_id } = this.#subject;
    const { closes, signal } = how;
    const next = encodeCursor(cursor);
    const batch = {
      containerId,
      stream: streamOf(job_id),
      maxlen,
      entries,
      expected: this.#expected,
      next,
      closes,
    };
    this.#expected = next;
    this.#busy = true;
    this.#onItsWay = untilTaken(() => record.publish(batch), { signal, log })
      .then((moved) => {
        if (moved) throw new CursorMovedError(containerId);
      })
      .finally(() => this.#busy = false);
    this.#onItsWay.catch(() => this.#failed.abort());
  }
}
