/**
 * Works through one shard as its owner: first what a predecessor left pending, then new entries, in order
 * (architecture.md §5.3). Why the guarantees hold:
 *
 * - **Order within a job (G4).** Entries are taken in the order of the stream. One that fails holds its job back
 *   (`hold_back.ts`): whatever comes later for that job waits behind it. An owner whose lease has passed can no
 *   longer take, acknowledge or dead-letter (`fence_scripts.ts`); what it had in hand is still pending, so its successor
 *   handles that before anything newer, and all that the old one can still do is repeat it.
 * - **An outage is a pause (G8).** Only the handler's success acknowledges. An `OutageError`, of the handler
 *   or of Redis, is waited out with the entries in hand and counts as no failure (`delivery.ts`).
 * - **Poison does not stop the line (G9).** What cannot be decoded is dead-lettered at once. Any other error is the
 *   entry's own fault: the batch is tried one by one, the culprit is tried again with growing pauses while other
 *   jobs go on, and dead-lettered after so many tries. What ends the process itself is found out by `crash_watch.ts`, and
 *   what would by its size alone is taken in smaller batches (`page_size.ts`).
 * - **Nothing is skipped.** An entry leaves the pending list only by acknowledgement or dead-lettering. What the stream
 *   itself has lost is told and counted (`trim_watch.ts`).
 *
 * @module
 */
import { UndecodableEntryError } from "../event/codec.ts";
import { backoffMs } from "../run/backoff.ts";
import { DeadlyEntryError } from "./crash_watch.ts";
import { Delivery, type DeliveryOptions, type Seen } from "./delivery.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "./entry_id.ts";
import type { FencedShard } from "./fence.ts";
import { HoldBack } from "./hold_back.ts";
import { type Arrival, Intake, type IntakeOptions } from "./intake.ts";
import { PageSize } from "./page_size.ts";
import { throughOutage } from "./through_outage.ts";

export type { Entry, Handled, Handler } from "./delivery.ts";

/** What a shard consumer does and within which bounds. */
export interface ShardConsumerOptions<E> extends IntakeOptions<E>, DeliveryOptions<E> {
  readonly jobOf: (event: E) => string;
  /** Entries handed to the handler at once, at most. */
  readonly batchSize: number;
  /** Held-back entries kept in memory; more are left in the stream meanwhile. @default 5_000 */
  readonly maxHeld?: number;
}

/** What a shard consumer asks of its shard. */
export type Shard = Pick<
  FencedShard,
  | "ensureGroup"
  | "begin"
  | "end"
  | "lastDeliveredId"
  | "take"
  | "acknowledge"
  | "deadLetter"
  | "crashesOf"
  | "noteCrashes"
>;

/** Held-back entries kept in memory, and their bytes. */
const MAX_HELD = 5_000;
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** As much as a batch should hold (bytes). */
const BATCH_BYTES = 32 * 1024 * 1024;
/** Longest wait for new entries before the loop looks round (ms). */
const IDLE_MS = 5_000;

/** See the module's description. */
export class ShardConsumer<E> {
  readonly #shard: Shard;
  readonly #options: ShardConsumerOptions<E>;
  readonly #held: HoldBack<Seen<E>>;
  /** Everything up to this entry has been taken. */
  #after = FIRST_ENTRY_ID;
  readonly #intake: Intake<E>;
  readonly #delivery: Delivery<E>;
  readonly #clock: () => number;

  constructor(shard: Shard, options: ShardConsumerOptions<E>) {
    this.#shard = shard;
    this.#options = options;
    this.#held = new HoldBack(options.maxHeld ?? MAX_HELD, {
      maxBytes: MAX_HELD_BYTES,
      bytesOf: ({ raw }) => raw.data?.byteLength ?? 0,
    });
    this.#intake = new Intake(shard, options);
    this.#delivery = new Delivery(shard, options);
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** Jobs held back now. */
  get heldJobs(): number {
    return this.#held.jobs;
  }

  /**
   * Runs until `signal` aborts; the entries in hand are finished first.
   *
   * @throws {LeaseLostError} when another replica has taken over the shard.
   * @throws {GroupGoneError} when somebody destroyed the group: whoever runs next makes it again.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    await throughOutage(() => this.#shard.ensureGroup(), { signal, log });
    const { vanished, accused } = await throughOutage(() => this.#shard.begin(), { signal, log }) ??
      { vanished: 0, accused: 0 };
    this.#delivery.suspicious = vanished >= this.#options.maxDeliveries || accused > 0;
    try {
      const size = new PageSize(this.#options.batchSize, { enough: BATCH_BYTES, crashes: vanished });
      await this.#consume(size, signal);
    } finally {
      await throughOutage(() => this.#shard.end(), { signal, log });
    }
  }

  async #consume(size: PageSize, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#retryHeld(signal);
      // With nothing held back, all that was taken is acknowledged. What is pending then, a Redis that lost its
      // latest writes has forgotten to be acknowledged: it is handled once more.
      if (this.#held.size === 0) this.#after = FIRST_ENTRY_ID;
      const batch = await this.#intake.batch(this.#after, size.count, signal);
      this.#after = batch.at(-1)?.id ?? this.#after;
      if (batch.length > 0) await this.#process(batch, signal);
      else await this.#idle(signal);
      size.saw(batch.map(({ raw }) => raw));
    }
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const { log, waitForMore } = this.#options;
    const retryAt = this.#held.nextRetryAt();
    const ms = retryAt === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(10, retryAt - this.#clock()));
    // Entries behind the last one taken may have been handled by a predecessor: they are nothing to wake up for.
    const delivered = await throughOutage(() => this.#shard.lastDeliveredId(), { signal, log }) ??
      this.#after;
    await waitForMore(compareEntryIds(this.#after, delivered) < 0 ? delivered : this.#after, ms, signal);
  }

  async #process(batch: readonly Arrival<E>[], signal: AbortSignal): Promise<void> {
    const free: Seen<E>[] = [];
    for (const arrival of batch) {
      const { event } = arrival;
      if (event instanceof UndecodableEntryError) {
        await this.#delivery.deadLetter(
          arrival,
          { reason: "undecodable", error: event.message, deliveries: 1 },
          signal,
        );
        continue;
      }
      const seen: Seen<E> = { ...arrival, event };
      const jobId = this.#options.jobOf(event);
      if (this.#held.has(jobId)) this.#held.append(jobId, seen);
      else free.push(seen);
    }
    if (free.some((seen) => this.#delivery.isSuspect(seen))) return await this.#isolate(free, signal);
    if (free.length === 0) return;
    const fault = await this.#delivery.attempt(free, signal);
    if (fault === null || signal.aborted) return;
    if (free.length === 1) await this.#hold(free, fault, signal);
    else await this.#isolate(free, signal);
  }

  /** Tries entries by job and one by one, so that only what fails by itself is held back. */
  async #isolate(failed: readonly Seen<E>[], signal: AbortSignal): Promise<void> {
    for (const entries of Map.groupBy(failed, (seen) => this.#options.jobOf(seen.event)).values()) {
      for (const [index, seen] of entries.entries()) {
        const own = await this.#delivery.attempt([seen], signal);
        if (signal.aborted) return;
        if (own === null) continue;
        await this.#hold(entries.slice(index), own, signal);
        break;
      }
    }
  }

  async #hold(entries: readonly Seen<E>[], fault: Error, signal: AbortSignal): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const jobId = this.#options.jobOf(first.event);
    this.#options.log.warn(
      { job_id: jobId, entry: first.id, error: fault.message },
      "entry failed, holding its job back",
    );
    this.#held.hold(jobId, entries, this.#clock() + backoffMs(1));
    if (this.#isHopeless(fault, 1)) await this.#giveUp(jobId, first, { fault, failures: 1 }, signal);
  }

  async #retryHeld(signal: AbortSignal): Promise<void> {
    for (const jobId of this.#held.due(this.#clock())) {
      if (!signal.aborted) await this.#retryJob(jobId, signal);
    }
  }

  /** Tries a held job's next entries: once its first one is out of the way those behind it go by the batch. */
  async #retryJob(jobId: string, signal: AbortSignal): Promise<void> {
    const next = this.#held.next(jobId, this.#options.batchSize);
    if (next === null) return;
    if (next.entries.length > 1 && !next.entries.some((seen) => this.#delivery.isSuspect(seen))) {
      const fault = await this.#delivery.attempt(next.entries, signal);
      if (signal.aborted) return;
      if (fault === null) return this.#settled(jobId, next.entries.length);
    }
    for (const [index, seen] of next.entries.entries()) {
      const fault = await this.#delivery.attempt([seen], signal);
      if (signal.aborted) return;
      if (fault !== null) {
        return await this.#failedAgain(
          jobId,
          seen,
          { fault, failures: index === 0 ? next.failures + 1 : 1 },
          signal,
        );
      }
      this.#settled(jobId);
    }
  }

  async #failedAgain(jobId: string, seen: Seen<E>, why: Failure, signal: AbortSignal): Promise<void> {
    if (this.#isHopeless(why.fault, why.failures)) await this.#giveUp(jobId, seen, why, signal);
    else this.#held.failed(jobId, this.#clock() + backoffMs(why.failures));
  }

  #isHopeless(fault: Error, failures: number): boolean {
    return fault instanceof DeadlyEntryError || failures >= this.#options.maxDeliveries;
  }

  /** Dead-letters the first entry of a held job. */
  async #giveUp(
    jobId: string,
    seen: Seen<E>,
    { fault, failures }: Failure,
    signal: AbortSignal,
  ): Promise<void> {
    const why = fault instanceof DeadlyEntryError
      ? { reason: "worker died", error: fault.message, deliveries: seen.raw.deliveries }
      : { reason: "handler failed", error: fault.message, deliveries: failures };
    await this.#delivery.deadLetter(seen, why, signal);
    if (!signal.aborted) this.#settled(jobId);
  }

  /** Entries of the job that had found no room are still pending: they are taken again, before anything new. */
  #settled(jobId: string, count = 1): void {
    const lastKept = this.#held.settled(jobId, count);
    if (lastKept !== null && compareEntryIds(lastKept, this.#after) < 0) this.#after = lastKept;
  }
}

/** What an entry's own fault was, and how often it has failed. */
interface Failure {
  readonly fault: Error;
  readonly failures: number;
}
