/**
 * Works through one shard as its owner: first what a predecessor left pending, then new entries, in order.
 * Returning from the handler acknowledges; an {@link OutageError} pauses; any other error is the entry's own
 * fault and is isolated, retried with its job held back, and at last buried (architecture.md §5.3).
 *
 * @module
 */
import { UndecodableEntryError } from "../event/codec.ts";
import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { FIRST_ENTRY_ID } from "./entry_id.ts";
import type { FencedShard, Flag, RawEntry } from "./fence.ts";
import { HoldBack } from "./hold_back.ts";
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
export interface ShardConsumerOptions<E> {
  readonly handler: Handler<E>;
  readonly decode: (data: string) => E;
  readonly jobOf: (event: E) => string;
  /** Resolves when the stream may hold entries after `id`, after `ms`, or when `signal` aborts. */
  readonly waitForMore: (id: string, ms: number, signal: AbortSignal) => Promise<void>;
  readonly dlq: { readonly stream: string; readonly maxlen: number };
  /** Entries handed to the handler at once, at most. */
  readonly batchSize: number;
  /** How long a partial batch waits to be filled (ms); 0 hands over what is there. @default 0 */
  readonly lingerMs?: number;
  /** An event that ends the waiting for a fuller batch. */
  readonly urgent?: (event: E) => boolean;
  /** Tries of one entry before it is buried. */
  readonly maxDeliveries: number;
  /** Quick retries within each try. */
  readonly handlerRetries: number;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Held-back entries beyond which no new ones are read, so that memory stays bounded. */
const MAX_HELD = 5_000;
/** Longest wait for new entries before the loop looks round (ms). */
const IDLE_MS = 5_000;

interface Seen<E> extends Entry<E> {
  readonly raw: RawEntry;
  readonly firstSeen: number;
}

/** See the module's description. */
export class ShardConsumer<E> {
  readonly #shard: FencedShard;
  readonly #options: ShardConsumerOptions<E>;
  readonly #held = new HoldBack<Seen<E>>();
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(shard: FencedShard, options: ShardConsumerOptions<E>) {
    this.#shard = shard;
    this.#options = options;
  }

  /**
   * Runs until `signal` aborts.
   *
   * @throws {LeaseLostError} when another replica has taken over the shard.
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#shard.ensureGroup();
    await this.#takeOver(signal);
    let last = await this.#shard.lastDeliveredId();
    while (!signal.aborted) {
      await this.#retryHeld(signal);
      const room = Math.min(this.#options.batchSize, MAX_HELD - this.#held.size);
      const batch = room > 0 ? await this.#readBatch(room, signal) : [];
      last = batch.at(-1)?.id ?? last;
      if (batch.length > 0) await this.#process(batch, signal);
      else await this.#idle(last, room > 0, signal);
    }
  }

  async #takeOver(signal: AbortSignal): Promise<void> {
    let start: string | null = FIRST_ENTRY_ID;
    while (start !== null && !signal.aborted) {
      const { entries, next, trimmed } = await this.#shard.claim(start, this.#options.batchSize);
      if (trimmed.length > 0) {
        this.#options.log.error({ count: trimmed.length, first: trimmed[0], last: trimmed.at(-1) },
          "lost pending entries: the stream was trimmed before they were handled; raise its MAXLEN");
      }
      if (entries.length > 0) await this.#process(entries, signal);
      start = next;
    }
  }

  /** One read, and while the batch is not full and nothing in it is urgent, more until the waiting time is over. */
  async #readBatch(room: number, signal: AbortSignal): Promise<RawEntry[]> {
    const batch = await this.#shard.read(room);
    const deadline = this.#options.now() + (this.#options.lingerMs ?? 0);
    while (batch.length > 0 && batch.length < room && !signal.aborted) {
      const left = deadline - this.#options.now();
      if (left <= 0 || this.#hasUrgent(batch)) break;
      await this.#options.waitForMore(batch.at(-1)?.id ?? FIRST_ENTRY_ID, left, signal);
      batch.push(...await this.#shard.read(room - batch.length));
    }
    return batch;
  }

  #hasUrgent(batch: readonly RawEntry[]): boolean {
    const { urgent } = this.#options;
    return urgent !== undefined && batch.some((raw) => {
      const event = this.#tryDecode(raw);
      return !(event instanceof Error) && urgent(event);
    });
  }

  async #idle(last: string, mayRead: boolean, signal: AbortSignal): Promise<void> {
    const retryAt = this.#held.nextRetryAt();
    const ms = retryAt === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(10, retryAt - this.#options.now()));
    await (mayRead ? this.#options.waitForMore(last, ms, signal) : sleep(ms, signal));
  }

  async #process(batch: readonly RawEntry[], signal: AbortSignal): Promise<void> {
    const free: Seen<E>[] = [];
    for (const raw of batch) {
      const event = this.#tryDecode(raw);
      if (event instanceof Error) {
        await this.#bury({ id: raw.id, raw, firstSeen: this.#options.now() }, "undecodable", event, 1);
        continue;
      }
      const seen: Seen<E> = { id: raw.id, event, raw, firstSeen: this.#options.now() };
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
    if (failed.length === 1 && failed[0]) return this.#hold([failed[0]], fault);
    for (const entries of Map.groupBy(failed, (seen) => this.#options.jobOf(seen.event)).values()) {
      for (const [index, seen] of entries.entries()) {
        const own = await this.#attempt([seen], signal);
        if (signal.aborted) return;
        if (own === null) continue;
        this.#hold(entries.slice(index), own);
        break;
      }
    }
  }

  #hold(entries: readonly Seen<E>[], fault: Error): void {
    const [first] = entries;
    if (!first) return;
    const jobId = this.#options.jobOf(first.event);
    this.#options.log.warn({ job_id: jobId, entry: first.id, error: fault.message }, "entry failed, holding its job back");
    this.#held.hold(jobId, entries, this.#options.now() + backoffMs(1));
  }

  async #retryHeld(signal: AbortSignal): Promise<void> {
    for (const { jobId, entry, failures } of this.#held.due(this.#options.now())) {
      const fault = await this.#attempt([entry], signal);
      if (signal.aborted) return;
      if (fault === null) this.#held.settled(jobId);
      else if (failures + 1 >= this.#options.maxDeliveries) {
        await this.#bury(entry, "handler failed", fault, failures + 1);
        this.#held.settled(jobId);
      } else {
        this.#held.failed(jobId, this.#options.now() + backoffMs(failures + 1));
      }
    }
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
          if (outages++ === 0) this.#options.log.warn({ error: error.message }, "paused: a dependency is unavailable");
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
    seen: { id: string; raw: RawEntry; firstSeen: number },
    reason: string,
    error: Error,
    deliveries: number,
  ): Promise<void> {
    this.#options.log.error({ entry: seen.id, reason, error: error.message }, "entry goes to the dead letters");
    await this.#shard.bury(
      { entry: seen.raw, reason, error: error.message, deliveries, firstSeen: seen.firstSeen },
      this.#options.dlq,
    );
  }

  #tryDecode(raw: RawEntry): E | UndecodableEntryError {
    if (raw.data === null) return new UndecodableEntryError('Cannot decode entry: it has no field "data"');
    try {
      return this.#options.decode(this.#decoder.decode(raw.data));
    } catch (error) {
      if (error instanceof UndecodableEntryError) return error;
      return new UndecodableEntryError("Cannot decode entry: its bytes are no UTF-8", { cause: error });
    }
  }
}

