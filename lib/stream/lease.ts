/**
 * Who owns which shard (wire.md §6, architecture.md §5.3). Keys are those of the reference, so that our
 * replicas share shards with its own; each acquisition also raises the shard's epoch, which fences the writes
 * of an owner that was paused past its lease.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { Logger } from "../run/log.ts";
import { sleep } from "../run/sleep.ts";
import { Replicas } from "./replicas.ts";

/** Proof of owning a shard: every fenced write names it and is refused once it has passed. */
export interface ShardLease {
  readonly shard: number;
  /** Key that holds the owner's replica id. */
  readonly leaseKey: string;
  readonly epochKey: string;
  readonly replica: string;
  readonly epoch: number;
}

/** A write was refused: another replica owns the shard by now. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";

  constructor(lease: ShardLease, attempt: string) {
    super(
      `Cannot ${attempt}: shard ${lease.shard} is no longer leased to ${lease.replica} in epoch ${lease.epoch}`,
    );
  }
}

/** How shards are shared out; times in milliseconds. */
export interface LeaseOptions {
  /** `chris:lease:{group}`. */
  readonly prefix: string;
  /** This process: `{host}:{pid}:{random}`. */
  readonly replica: string;
  readonly numShards: number;
  readonly ttlMs: number;
  readonly refreshMs: number;
  readonly acquireMs: number;
  readonly log: Logger;
}

/** Works on one shard until `signal` aborts. Resolves early, or rejects, when the lease is lost. */
export type OwnShard = (lease: ShardLease, signal: AbortSignal) => Promise<void>;

/**
 * How many shards to acquire (positive) or give back (negative): each of `replicas` live replicas may hold
 * ceil(shards / replicas). Pure.
 */
export function leaseBalance(state: { shards: number; replicas: number; owned: number }): number {
  return Math.ceil(state.shards / Math.max(1, state.replicas)) - state.owned;
}

const ACQUIRE = `
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(redis.call('GET', KEYS[2]) or '0')
end
if owner then return -1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('INCR', KEYS[2])`;

const REFRESH = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

interface Holding {
  readonly lease: ShardLease;
  /** Ends the work: the shard is given back, or lost. */
  readonly stop: AbortController;
  /** Resolves when the work has ended and the lease is released; never rejects. */
  readonly done: Promise<void>;
}

/** Keeps this replica's fair part of the shards, and runs one `own` for each while it is held. */
export class ShardLeases {
  readonly name = "shard leases";
  readonly #redis: Redis;
  readonly #options: LeaseOptions;
  readonly #own: OwnShard;
  readonly #replicas: Replicas;
  readonly #held = new Map<number, Holding>();

  constructor(redis: Redis, own: OwnShard, options: LeaseOptions) {
    this.#replicas = new Replicas(redis, options);
    this.#redis = redis;
    this.#own = own;
    this.#options = options;
  }

  /** Shards held now, lowest first; not those that are being given back. */
  get owned(): number[] {
    return this.#kept().map((holding) => holding.lease.shard);
  }

  /** Acquires, refreshes and gives back shards until `signal` aborts; then finishes work in hand and releases all. */
  async run(signal: AbortSignal): Promise<void> {
    const released = new AbortController();
    // Leases are refreshed to the last: what is still being finished must be acknowledged by its owner.
    const refreshing = this.#every(this.#options.refreshMs, released.signal, () => this.#refresh(signal));
    await this.#every(this.#options.acquireMs, signal, () => this.#rebalance(signal));
    // Others may take what we give back as soon as we no longer count.
    const forgotten = this.#replicas.leave().catch(() => {});
    await Promise.all([forgotten, ...[...this.#held.values()].map(giveBack)]);
    released.abort();
    await refreshing;
  }

  async #every(ms: number, signal: AbortSignal, pass: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await pass().catch((error) => this.#options.log.error({ error }, "lease pass failed"));
      await sleep(ms, signal);
    }
  }

  async #rebalance(signal: AbortSignal): Promise<void> {
    const replicas = await this.#replicas.count();
    const kept = this.#kept();
    let wanted = leaseBalance({ shards: this.#options.numShards, replicas, owned: kept.length });
    // Not awaited: work that ends late must not keep us from the other shards.
    for (const holding of kept.slice(kept.length + Math.min(wanted, 0))) giveBack(holding);
    for (let shard = 0; shard < this.#options.numShards && wanted > 0 && !signal.aborted; shard++) {
      if (!this.#held.has(shard) && await this.#acquire(shard)) wanted--;
    }
  }

  async #acquire(shard: number): Promise<boolean> {
    const { prefix, replica, ttlMs, log } = this.#options;
    const leaseKey = `${prefix}:lease:${shard}`;
    const epochKey = `${prefix}:epoch:${shard}`;
    const epoch = Number(await this.#redis.eval(ACQUIRE, 2, leaseKey, epochKey, replica, ttlMs));
    if (epoch < 0) return false;
    const lease: ShardLease = { shard, leaseKey, epochKey, replica, epoch };
    const stop = new AbortController();
    log.info({ shard, epoch }, "acquired shard");
    this.#held.set(shard, { lease, stop, done: this.#work(lease, stop) });
    return true;
  }

  /** Works on the shard until told to stop; ended by itself, it lets go at once, so that anyone may start afresh. */
  async #work(lease: ShardLease, stop: AbortController): Promise<void> {
    const { shard, epoch } = lease;
    try {
      await this.#own(lease, stop.signal);
    } catch (error) {
      if (error instanceof LeaseLostError) this.#options.log.warn({ shard, epoch }, error.message);
      else this.#options.log.error({ shard, epoch, error }, "work on shard ended by a fault, giving it back");
    }
    stop.abort();
    await this.#redis.eval(RELEASE, 1, lease.leaseKey, lease.replica).catch(() => {});
    this.#held.delete(shard);
  }

  /** Prolongs every lease, also of shards whose work is still ending; gives up those that have run out. */
  async #refresh(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#held.values()].map(async (holding) => {
      const { leaseKey, replica, shard, epoch } = holding.lease;
      if (Number(await this.#redis.eval(REFRESH, 1, leaseKey, replica, this.#options.ttlMs)) === 1) return;
      if (holding.stop.signal.aborted) return;
      this.#options.log.warn({ shard, epoch }, "lost shard: the lease had run out");
      giveBack(holding); // not awaited: the other leases must not wait for this work to end
    }));
    if (!signal.aborted) await this.#replicas.beat();
  }

  /** What is held and not being given back, lowest shard first. */
  #kept(): Holding[] {
    return [...this.#held.values()].filter((holding) => !holding.stop.signal.aborted)
      .sort((a, b) => a.lease.shard - b.lease.shard);
  }
}

function giveBack(holding: Holding): Promise<void> {
  holding.stop.abort();
  return holding.done;
}
