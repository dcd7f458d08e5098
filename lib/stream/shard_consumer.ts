/**
 * Works through one shard as its owner: first what a predecessor left pending, then new entries, in order.
 * Returning from the handler acknowledges; an {@link OutageError} pauses; any other error is the entry's own
 * fault and is isolated, retried with its job held back, and at last buried (architecture.md §5.3).
 *
 * @module
 */
import { UndecodableEntryError } from "../event/codec.ts";
import { backoffMs } from "../run/backoff.ts";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "./entry_id.ts";
import type { FencedShard, Flag } from "./fence.ts";
import { HoldBack } from "./hold_back.ts";
import { type Arrival, Intake, type IntakeOptions } from "./intake.ts";
import { LeaseLostError } from "./lease.ts";

/** An entry with what its bytes mean. */
export interface Entry<E> {
  readonly id: string;
  readonly event: E;
}

/** What else must hold once the entries are acknowledged. */
export interface Handled {
  /** Keys set to `1` in the same step as the acknowledgement, e.g. `logs_flushed`. */
  readonly flags?: readonly Flag[];
}

/** Deals with entries of one shard, in order; resolves when all are done for good. Must be safe to repeat. */
export type Handler<E> = (entries: readonly Entry<E>[]) => Promise<Handled | void>;

/** What a shard consumer does and within which bounds. */
export interface ShardConsumerOptions<E> extends IntakeOptions<E> {
  readonly handler: Handler<E>;
  readonly jobOf: (event: E) => string;
  readonly dlq: { readonly stream: string; readonly maxlen: number };
  /** Entries handed to the handler at once, at most. */
  readonly batchSize: number;
  /** Tries of one entry before it is buried. */
  readonly maxDeliveries: number;
  /** Quick retries within each try. */
  readonly handlerRetries: number;
}

/** What a shard consumer asks of its shard. */
export type Shard = Pick<FencedShard, "ensureGroup" | "lastDeliveredId" | "take" | "acknowledge" | "bury">;

/** Held-back entries beyond which no new ones are taken, so that memory stays bounded. */
const MAX_HELD = 5_000;
/** Longest wait for new entries before the loop looks round (ms). */
const IDLE_MS = 5_000;

/** An entry that was understood. */
interface Seen<E> extends Arrival<E> {
  readonly event: E;
}

/** See the module's description. */
export class ShardConsumer<E> {
  readonly #shard: Shard;
  readonly #options: ShardConsumerOptions<E>;
  readonly #held = new HoldBack<Seen<E>>();
  readonly #intake: Intake<E>;

  constructor(shard: Shard, options: ShardConsumerOptions<E>) {
    this.#shard = shard;
    this.#options = options;
    this.#intake = new Intake(shard, options);
  }

  /**
   * Runs until `signal` aborts; the entries in hand are finished first.
   *
   * @throws {LeaseLostError} when another replica has taken over the shard.
   * @throws {OutageError} when Redis refuses what is asked of the shard itself, e.g. because the group is gone.
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#shard.ensureGroup();
    let after = FIRST_ENTRY_ID;
    while (!signal.aborted) {
      await this.#retryHeld(signal);
      const room = Math.min(this.#options.batchSize, MAX_HELD - this.#held.size);
      const batch = room > 0 ? await this.#intake.batch(after, room, signal) : [];
      after = batch.at(-1)?.id ?? after;
      if (batch.length > 0) await this.#process(batch, signal);
      else await this.#idle(after, room > 0, signal);
    }
  }

  async #idle(after: string, mayTake: boolean, signal: AbortSignal): Promise<void> {
    const retryAt = this.#held.nextRetryAt();
    const ms = retryAt === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(10, retryAt - this.#options.now()));
    if (!mayTake) return await sleep(ms, signal);
    // Entries behind `after` may have been handled by a predecessor: they are nothing to wake up for.
    const delivered = await this.#shard.lastDeliveredId();
    await this.#options.waitForMore(compareEntryIds(after, delivered) < 0 ? delivered : after, ms, signal);
  }

  async #process(batch: readonly Arrival<E>[], signal: AbortSignal): Promise<void> {
    const free: Seen<E>[] = [];
    for (const arrival of batch) {
      const { event } = arrival;
      if (event instanceof UndecodableEntryError) {
        await this.#bury(arrival, "undecodable", event, 1);
        continue;
      }
      const seen: Seen<E> = { ...arrival, event };
      const jobId = this.#options.jobOf(event);
      if (this.#held.has(jobId)) this.#held.append(jobId, seen);
      else free.push(seen);
    }
    if (free.length === 0) return;
    const fault = await this.#attempt(free, signal);
    if (fault !== null && !signal.aborted) await this.#isolate(free, fault, signal);
  }

  /** Splits a failed batch by job and entry, so that only what fails by itself is held back. */
  async #isolate(failed: readonly Seen<E>[], fault: Error, signal: AbortSignal): Promise<void> {
    if (failed.length === 1) return await this.#hold(failed, fault);
    for (const entries of Map.groupBy(failed, (seen) => this.#options.jobOf(seen.event)).values()) {
      for (const [index, seen] of entries.entries()) {
        const own = await this.#attempt([seen], signal);
        if (signal.aborted) return;
        if (own === null) continue;
        await this.#hold(entries.slice(index), own);
        break;
      }
    }
  }

  async #hold(entries: readonly Seen<E>[], fault: Error): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const jobId = this.#options.jobOf(first.event);
    this.#options.log.warn(
      { job_id: jobId, entry: first.id, error: fault.message },
      "entry failed, holding its job back",
    );
    this.#held.hold(jobId, entries, this.#options.now() + backoffMs(1));
    if (this.#options.maxDeliveries === 1) await this.#giveUp(jobId, first, { fault, deliveries: 1 });
  }

  async #retryHeld(signal: AbortSignal): Promise<void> {
    for (const jobId of this.#held.due(this.#options.now())) {
      while (!signal.aborted && await this.#retryFirst(jobId, signal));
    }
  }

  /** Tries a held job's first entry again. True if it is out of the way, so that the next one may be tried at once. */
  async #retryFirst(jobId: string, signal: AbortSignal): Promise<boolean> {
    const first = this.#held.first(jobId);
    if (first === null) return false;
    const fault = await this.#attempt([first.entry], signal);
    if (signal.aborted) return false;
    const deliveries = first.failures + 1;
    if (fault === null) {
      this.#held.settled(jobId);
    } else if (deliveries >= this.#options.maxDeliveries) {
      await this.#giveUp(jobId, first.entry, { fault, deliveries });
    } else {
      this.#held.failed(jobId, this.#options.now() + backoffMs(deliveries));
      return false;
    }
    return true;
  }

  /** Buries the first entry of a held job. */
  async #giveUp(jobId: string, entry: Seen<E>, why: { fault: Error; deliveries: number }): Promise<void> {
    await this.#bury(entry, "handler failed", why.fault, why.deliveries);
    this.#held.settled(jobId);
  }

  /**
   * Handles and acknowledges entries. Outages are waited out; the entries' own fault is returned after the quick
   * retries. A return of null while `signal` is aborted means nothing: the entries stay pending.
   */
  async #attempt(entries: readonly Seen<E>[], signal: AbortSignal): Promise<Error | null> {
    for (let failures = 0, outages = 0; !signal.aborted;) {
      try {
        const handled = await this.#options.handler(entries);
        await this.#shard.acknowledge(entries.map((entry) => entry.id), handled?.flags ?? []);
        if (outages > 0) this.#options.log.info("dependency is back, going on");
        return null;
      } catch (error) {
        if (error instanceof OutageError) {
          if (outages++ === 0) {
            this.#options.log.warn({ error: error.message }, "paused: a dependency is unavailable");
          }
          await sleep(backoffMs(outages), signal);
        } else if (error instanceof LeaseLostError) {
          throw error;
        } else if (++failures > this.#options.handlerRetries) {
          return error instanceof Error ? error : new Error(String(error));
        } else {
          await sleep(backoffMs(failures, { baseMs: 50, capMs: 1_000 }), signal);
        }
      }
    }
    return null;
  }

  async #bury(
    arrival: Arrival<E>,
    reason: string,
    error: Error,
    deliveries: number,
  ): Promise<void> {
    this.#options.log.error(
      { entry: arrival.id, reason, error: error.message },
      "entry goes to the dead letters",
    );
    await this.#shard.bury(
      { entry: arrival.raw, reason, error: error.message, deliveries, firstSeen: arrival.firstSeen },
      this.#options.dlq,
    );
  }
}
