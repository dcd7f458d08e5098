/**
 * Takes a shard's entries in batches and finds out what their bytes mean.
 *
 * @module
 */
import { UndecodableEntryError } from "../event/codec.ts";
import type { Logger } from "../run/log.ts";
import type { FencedShard, RawEntry } from "./fence.ts";
import { throughOutage } from "./through_outage.ts";

/** An entry as it was taken: understood, or why not. */
export interface Arrival<E> {
  readonly id: string;
  /** See `Entry.position`. */
  readonly position: string;
  readonly raw: RawEntry;
  /** Milliseconds since 1970. */
  readonly firstSeen: number;
  readonly event: E | UndecodableEntryError;
  /** See `Entry.traceparent`. */
  readonly traceparent?: string | undefined;
}

/** How entries are taken. */
export interface IntakeOptions<E> {
  readonly decode: (data: string) => E;
  /** Resolves when the stream may hold entries after `id`, after `ms`, or when `signal` aborts. */
  readonly waitForMore: (id: string, ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a partial batch waits to be filled (ms); 0 hands over what is there. @default 0 */
  readonly lingerMs?: number;
  /** An event that ends the waiting for a fuller batch. */
  readonly urgent?: (event: E) => boolean;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** For pauses: a clock that never jumps (ms). @default performance.now */
  readonly clock?: () => number;
}

/** See the module's description. */
export class Intake<E> {
  readonly #shard: Pick<FencedShard, "take">;
  readonly #options: IntakeOptions<E>;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(shard: Pick<FencedShard, "take">, options: IntakeOptions<E>) {
    this.#shard = shard;
    this.#options = options;
  }

  /**
   * The next entries after `after`, at most `room`; none if there are none. While the batch is neither full nor
   * holds anything urgent, more are awaited for `lingerMs`.
   */
  async batch(after: string, room: number, signal: AbortSignal): Promise<Arrival<E>[]> {
    const { lingerMs = 0, clock = () => performance.now(), waitForMore } = this.#options;
    const batch = await this.#take(after, room, signal);
    const deadline = clock() + lingerMs;
    let fresh: readonly Arrival<E>[] = batch;
    while (batch.length > 0 && batch.length < room && !signal.aborted) {
      const left = deadline - clock();
      if (left <= 0 || fresh.some((arrival) => this.#isUrgent(arrival))) break;
      const last = batch.at(-1)?.id ?? after;
      await waitForMore(last, left, signal);
      fresh = await this.#take(last, room - batch.length, signal);
      batch.push(...fresh);
    }
    return batch;
  }

  async #take(after: string, count: number, signal: AbortSignal): Promise<Arrival<E>[]> {
    for (;;) {
      const { log } = this.#options;
      const taken = await throughOutage(() => this.#shard.take(after, count), { signal, log });
      if (!taken) return [];
      const { entries, trimmed, unread } = taken;
      this.#tellLoss(trimmed, unread);
      if (entries.length === 0 && trimmed.length > 0 && !signal.aborted) continue;
      const firstSeen = this.#options.now();
      return entries.map((raw) => {
        const { id, requeuedFrom, traceparent } = raw;
        return { id, position: requeuedFrom ?? id, raw, firstSeen, event: this.#decode(raw), traceparent };
      });
    }
  }

  #tellLoss(trimmed: readonly string[], unread: number): void {
    if (trimmed.length > 0) {
      this.#options.log.error(
        { lost: trimmed.length, first: trimmed[0], last: trimmed.at(-1) },
        "lost pending entries: the stream was trimmed before they were acknowledged; raise its MAXLEN",
      );
    }
    if (unread > 0) {
      this.#options.log.error(
        { lost: unread },
        "lost entries that nobody had read: the stream was trimmed before; raise its MAXLEN",
      );
    }
  }

  #isUrgent({ event }: Arrival<E>): boolean {
    const { urgent } = this.#options;
    return urgent !== undefined && !(event instanceof UndecodableEntryError) && urgent(event);
  }

  #decode(raw: RawEntry): E | UndecodableEntryError {
    if (raw.data === null) return new UndecodableEntryError('Cannot decode entry: it has no field "data"');
    try {
      return this.#options.decode(this.#utf8(raw.data));
    } catch (error) {
      if (error instanceof UndecodableEntryError) return error;
      return new UndecodableEntryError(`Cannot decode entry: ${error}`, { cause: error });
    }
  }

  #utf8(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      throw new UndecodableEntryError("Cannot decode entry: its bytes are no UTF-8", { cause });
    }
  }
}
