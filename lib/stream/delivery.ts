/**
 * One delivery of entries to the handler, up to their acknowledgement or dead-lettering, whatever is away meanwhile.
 *
 * @module
 */
import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import type { ConsumerMetrics } from "./consumer_metrics.ts";
import { CrashWatch, DeadlyEntryError } from "./crash_watch.ts";
import type { DeadEntry, FencedShard, Flag } from "./fence.ts";
import type { Arrival } from "./intake.ts";
import { LeaseLostError } from "./lease.ts";
import { Solo } from "./solo.ts";
import { throughOutage } from "./through_outage.ts";

/** An entry with what its bytes mean. */
export interface Entry<E> {
  readonly id: string;
  /**
   * Its place in the history of its job: its id, or the id it had at first if it was put back from the dead letters
   * (`requeue.ts`).
   */
  readonly position: string;
  readonly event: E;
  /** The trace that it is part of (`lib/run/trace.ts`), if any. */
  readonly traceparent?: string | undefined;
}

/** What else must hold once the entries are acknowledged. */
export interface Handled {
  /** Keys set to `1` in the same step as the acknowledgement, e.g. `logs_flushed`. */
  readonly flags?: readonly Flag[];
}

/** Deals with entries of one shard, in order; resolves when all are done for good. Must be safe to repeat. */
export type Handler<E> = (entries: readonly Entry<E>[]) => Promise<Handled | void>;

/** An entry that was understood. */
export interface Seen<E> extends Arrival<E> {
  readonly event: E;
}

/** How entries are delivered. */
export interface DeliveryOptions<E> {
  readonly handler: Handler<E>;
  readonly dlq: { readonly stream: string; readonly maxlen: number };
  /**
   * Tries of one entry before it is dead-lettered; also how many owners may vanish with an entry in hand before it is
   * suspected, and then how many more while they handle it alone.
   */
  readonly maxDeliveries: number;
  /** Quick retries within each try. */
  readonly handlerRetries: number;
  /** What all deliveries of this process have in common; needed if there are several. */
  readonly solo?: Solo;
  readonly metrics?: ConsumerMetrics;
  readonly log: Logger;
}

/** What a delivery asks of the shard. */
export type DeliveryShard = Pick<FencedShard, "acknowledge" | "deadLetter" | "crashesOf" | "noteCrashes">;

/** See the module's description. */
export class Delivery<E> {
  readonly #shard: DeliveryShard;
  readonly #options: DeliveryOptions<E>;
  readonly #solo: Solo;
  /** Whether so many owners have vanished in a row that an entry may be what ends them. */
  suspicious = false;

  constructor(shard: DeliveryShard, options: DeliveryOptions<E>) {
    this.#solo = options.solo ?? new Solo();
    this.#shard = shard;
    this.#options = options;
  }

  /**
   * Handles and acknowledges entries. Outages are waited out; the entries' own fault is returned after the quick
   * retries. A return of null while `signal` is aborted means nothing: the entries stay pending.
   *
   * @throws {LeaseLostError}
   */
  async attempt(entries: readonly Seen<E>[], signal: AbortSignal): Promise<Error | null> {
    const watch = this.#watchOver(entries);
    const { metrics } = this.#options;
    const done = metrics?.begin(entries.length);
    for (let failures = 0, outages = 0; !signal.aborted;) {
      try {
        const handled = watch
          ? await this.#solo.alone(() => this.#handleWatched(entries, watch, signal))
          : await this.#solo.together(() => this.#options.handler(entries));
        if (handled === null) return null;
        if (outages > 0) this.#options.log.info("dependency is back, going on");
        await this.#acknowledge(entries, handled?.flags ?? [], signal);
        done?.();
        return null;
      } catch (error) {
        if (error instanceof LeaseLostError) throw error;
        if (error instanceof DeadlyEntryError) return error;
        if (error instanceof OutageError) {
          if (outages++ === 0) {
            this.#options.log.warn({ error: error.message }, "paused: a dependency is unavailable");
            metrics?.paused();
          }
          await sleep(backoffMs(outages), signal);
          continue;
        }
        metrics?.failed();
        if (++failures > this.#options.handlerRetries) {
          return error instanceof Error ? error : new Error(String(error));
        } else {
          await sleep(backoffMs(failures, { baseMs: 50, capMs: 1_000 }), signal);
        }
      }
    }
    return null;
  }

  /**
   * Moves an entry to the dead letters; an outage is waited out. If `signal` aborts meanwhile the entry stays
   * pending.
   *
   * @throws {LeaseLostError}
   */
  async deadLetter(
    arrival: Arrival<E>,
    why: Omit<DeadEntry, "entry" | "firstSeen">,
    signal: AbortSignal,
  ): Promise<void> {
    const { id, raw: entry, firstSeen } = arrival;
    this.#options.log.error(
      { entry: id, reason: why.reason, error: why.error },
      "entry goes to the dead letters",
    );
    const dead = { ...why, entry, firstSeen };
    await this.#throughOutage(() => this.#shard.deadLetter(dead, this.#options.dlq), signal);
    this.#options.metrics?.deadLettered(why.reason);
    if (this.suspicious) await this.#throughOutage(() => this.#shard.noteCrashes(id, 0), signal);
  }

  /** Whether it may be what ended its former owners: they vanished, and it was taken by as many, without outcome. */
  isSuspect({ raw }: Arrival<unknown>): boolean {
    return this.suspicious && raw.deliveries > this.#options.maxDeliveries;
  }

  #watchOver(entries: readonly Seen<E>[]): CrashWatch | null {
    const [first, ...others] = entries;
    if (!first || others.length > 0 || !this.isSuspect(first)) return null;
    return new CrashWatch(this.#shard, first.id, this.#options.maxDeliveries);
  }

  /** Alone in this process too: an entry of another shard that ends it must not be laid to this one's charge. */
  async #handleWatched(entries: readonly Seen<E>[], watch: CrashWatch, signal: AbortSignal) {
    if (signal.aborted) return null; // we were told to stop while others finished
    await watch.begin(signal);
    try {
      return await this.#options.handler(entries);
    } finally {
      await this.#throughOutage(() => watch.survived(), signal);
    }
  }

  /** What was handled is not handled again because Redis refuses the acknowledgement for a while. */
  async #acknowledge(
    entries: readonly Seen<E>[],
    flags: readonly Flag[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#throughOutage(() => this.#shard.acknowledge(entries.map((entry) => entry.id), flags), signal);
  }

  async #throughOutage(call: () => Promise<void>, signal: AbortSignal): Promise<void> {
    await throughOutage(call, { signal, log: this.#options.log });
  }
}
