/**
 * Publishes one container's lines and its end, each together with the cursor that says so.
 *
 * @module
 */
import { encodeLogEvent } from "lib/event/codec.ts";
import type { LogEvent } from "lib/event/log.ts";
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
 * Publishes onto one cursor, as long as nobody else does. Methods wait through outages of Redis.
 *
 * They throw {@link CursorMovedError}, or the signal's reason when it aborts in an outage.
 */
export class LinePublisher {
  readonly #subject: LogSubject;
  readonly #options: LinePublisherOptions;
  #expected: string | null;
  /** Whether a call is under way. */
  busy = false;

  /** `cursor` is its text as it was read, null if there was none. */
  constructor(subject: LogSubject, cursor: string | null, options: LinePublisherOptions) {
    this.#subject = subject;
    this.#expected = cursor;
    this.#options = options;
  }

  /** Whether what it would publish still follows on `cursor`. */
  continues(cursor: string | null): boolean {
    return this.#expected === cursor;
  }

  /** Publishes lines, after which `cursor` counts. */
  async lines(lines: readonly NewLine[], cursor: LogCursor, signal: AbortSignal): Promise<void> {
    if (lines.length === 0) return;
    await this.#publish(lines.map((line) => lineEvent(this.#subject, line)), cursor, {
      closes: false,
      signal,
    });
  }

  /** Publishes the last lines and the end-of-stream marker; `cursor` has the end's name in `eos`. */
  async end(
    lines: readonly NewLine[],
    cursor: LogCursor,
    endedAt: string,
    signal: AbortSignal,
  ): Promise<void> {
    const end = endOfStreamEvent(this.#subject, { endedAt, seq: cursor.seq });
    const events = [...lines.map((line) => lineEvent(this.#subject, line)), end];
    await this.#publish(events, cursor, { closes: true, signal });
  }

  async #publish(
    events: readonly LogEvent[],
    cursor: LogCursor,
    { closes, signal }: { closes: boolean; signal: AbortSignal },
  ): Promise<void> {
    const { record, streamOf, maxlen, log } = this.#options;
    const next = encodeCursor(cursor);
    const batch = {
      containerId: this.#subject.container_id,
      stream: streamOf(this.#subject.job_id),
      maxlen,
      entries: events.map(encodeLogEvent),
      expected: this.#expected,
      next,
      closes,
    };
    this.busy = true;
    try {
      if (await untilTaken(() => record.publish(batch), { signal, log })) {
        throw new CursorMovedError(batch.containerId);
      }
      this.#expected = next;
    } finally {
      this.busy = false;
    }
  }
}
