/**
 * One container's log from wherever publishing stands to its end.
 *
 * Each pass begins with the cursor in Redis and publishes onto that alone, so nothing is lost by ending one anywhere.
 * The end is told when a reading without follow has come to the very last fragment, or could not in many tries. Then,
 * and of a container that is gone, it is told with the word that lines may be missing, unless the log was followed to an
 * end that was no fault of the runtime.
 *
 * @module
 */
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { type ContainerFacts, LogsUnavailableError } from "lib/runtime/runtime.ts";
import type { Semaphore } from "lib/runtime/semaphore.ts";
import { untilTaken } from "lib/stream/until_taken.ts";
import { decodeCursor, GONE, type LogCursor } from "./cursor.ts";
import { CursorMovedError, LinePublisher, type LinePublisherOptions } from "./line_publisher.ts";
import { lastKnownMoment, LogSubject, logSubject } from "./log_events.ts";
import { LogReading, type LogReadingOptions } from "./log_reading.ts";

/** What following a log needs; one for all containers. */
export interface ContainerLogOptions extends LinePublisherOptions, LogReadingOptions {
  /** Bounds how many logs of ended containers are read at the same time. */
  readonly backlog: Semaphore;
  /** After so many readings that fail or stop short, an ended log's end is told without the rest. @default 10 */
  readonly maxIncomplete?: number;
  readonly log: Logger;
}

/** A reading, who publishes for it, and whether it came to its regular end. */
interface Reading {
  readonly reading: LogReading;
  readonly publisher: LinePublisher;
  isWhole: boolean;
}

/** Follows one container's log. Made for each round of work anew; it keeps nothing that Redis does not have. */
export class ContainerLog {
  readonly #id: string;
  readonly #options: ContainerLogOptions;
  /** The last reading: holds what had no newline yet. */
  #last: Reading | null = null;
  #incomplete = 0;
  /** Whether the container was seen running: then little is left to read at its end. */
  #wasRunning = false;

  constructor(id: string, options: ContainerLogOptions) {
    this.#id = id;
    this.#options = options;
  }

  /**
   * Publishes all lines that are or will be there, then the end-of-stream marker. Resolves when the end is told,
   * when there is nothing to read yet, or when `signal` aborts. Waits through outages.
   */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        if (await this.#pass(signal) === "done") return;
        failures = this.#last?.reading.progress.isNew ? 0 : failures + 1;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof CursorMovedError) this.#options.log.info({ container: this.#id }, error.message);
        else if (error instanceof OutageError || error instanceof LogsUnavailableError) {
          if (failures === 0) {
            this.#options.log.warn({ container: this.#id, error: error.message }, "waiting to read a log");
          }
        } else throw error;
        failures++;
      }
      if (failures > 0) await sleep(backoffMs(failures, { baseMs: 100, capMs: 3_000 }), signal);
    }
  }

  /** Something may have happened to the container: the reading under way, if any, is made to look soon. */
  nudge(): void {
    this.#last?.reading.nudge();
  }

  /** Looks at the container and does what its state asks for. "again": look at it again. */
  async #pass(signal: AbortSignal): Promise<"done" | "again"> {
    const facts = await this.#options.runtime.inspect(this.#id, signal).catch((error) => {
      // A runtime that goes away ends connections, too: what looked like the end of the log need not have been it.
      if (error instanceof OutageError && this.#last) this.#last.isWhole = false;
      throw error;
    });
    const text = await this.#redis(signal, () => this.#options.record.cursor(this.#id));
    const cursor = decodeCursor(text);
    if (facts === null) return await this.#vanished(text, cursor, signal);
    const subject = logSubject(facts);
    if (subject === null || facts.phase === "waiting") return "done";
    if (facts.phase === "ended" && cursor.eos === facts.endedAt) return "done";
    const noted = await this.#redis(
      signal,
      () => this.#options.record.open(this.#id, JSON.stringify(subject), text),
    );
    if (!noted) throw new CursorMovedError(this.#id);
    const publisher = new LinePublisher(subject, text, this.#options);
    const reading = new LogReading(this.#id, cursor, publisher, this.#options);
    const whole = this.#last?.isWhole && this.#last.publisher.continues(text) ? this.#last : null;
    const last: Reading = this.#last = { reading, publisher, isWhole: false };
    if (facts.phase === "running") {
      this.#wasRunning = true;
      last.isWhole = await reading.run(true, signal);
      return "again";
    }
    using _place = this.#wasRunning ? null : await this.#options.backlog.enter();
    if (signal.aborted) return "again";
    try {
      return await this.#readToTheEnd(facts, last, signal);
    } catch (error) {
      // A log that was followed to its end is whole, even if it cannot be read once more.
      if (whole) this.#last = whole;
      if (!(error instanceof LogsUnavailableError) || !this.#givesUp()) throw error;
      const message = "told the end of a log that cannot be read";
      this.#options.log.error({ container: this.#id, error: error.message }, message);
      await this.#tellTheEnd(facts, whole ?? last, { isWhole: whole !== null }, signal);
      return "done";
    }
  }

  async #readToTheEnd(facts: ContainerFacts, last: Reading, signal: AbortSignal): Promise<"done" | "again"> {
    const { reading } = last;
    const isWhole = await reading.run(false, signal) && await reading.sawTheEnd(signal);
    if (signal.aborted || (!isWhole && !this.#givesUp())) return "again";
    if (!isWhole) {
      this.#options.log.warn({ container: this.#id }, "told the end of a log without having seen it");
    }
    await this.#tellTheEnd(facts, last, { isWhole }, signal);
    return "done";
  }

  /** Publishes what had no newline yet, and the marker; with the word that lines may be missing, unless none are. */
  async #tellTheEnd(
    facts: ContainerFacts,
    { reading: { progress }, publisher }: Reading,
    { isWhole }: { isWhole: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { metrics, log } = this.#options;
    const at = facts.endedAt ?? facts.createdAt;
    const lines = progress.finish();
    if (progress.isGap) {
      metrics?.gap();
      log.warn({ container: this.#id }, "the runtime dropped the end of a log before it was read");
    }
    const end = { at, gap: progress.isGap || !isWhole };
    await publisher.end(lines, { ...progress.cursor(), eos: at }, end, signal);
  }

  #givesUp(): boolean {
    return ++this.#incomplete >= (this.#options.maxIncomplete ?? 10);
  }

  /**
   * The runtime has forgotten it: tells the end with what was got, if an end was awaited; and that there may have been
   * more, unless a reading had come to the end.
   */
  async #vanished(text: string | null, cursor: LogCursor, signal: AbortSignal): Promise<"done"> {
    const { record, log } = this.#options;
    const note = await this.#redis(signal, () => record.note(this.#id));
    if (note !== null) {
      const subject = LogSubject.parse(JSON.parse(note));
      const held = this.#last?.publisher.continues(text) ? this.#last : null;
      const publisher = held?.publisher ?? new LinePublisher(subject, text, this.#options);
      const lines = held?.reading.progress.finish() ?? [];
      const last = held?.reading.progress.cursor() ?? cursor;
      log.warn({ container: this.#id, lines: last.seq }, "a container vanished, its log ends here");
      const gap = !held?.isWhole || held.reading.progress.isGap;
      const end = { at: lastKnownMoment(subject, last), gap };
      await publisher.end(lines, { ...last, eos: GONE }, end, signal);
    }
    await this.#redis(signal, () => record.close(this.#id, { gone: true }));
    return "done";
  }

  #redis<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return untilTaken(call, { signal, log: this.#options.log });
  }
}
