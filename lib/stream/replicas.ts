/**
 * Who takes part in sharing a group's shards (wire.md §6): each replica's heartbeat is a key of its own, as with
 * the reference. As finding such keys means going through all keys there are, ours also sign a register.
 *
 * @module
 */
import type { Redis } from "ioredis";

/** Whose heartbeat this is; times in milliseconds. */
export interface ReplicasOptions {
  /** `chris:lease:{group}`. */
  readonly prefix: string;
  /** This process. */
  readonly replica: string;
  readonly numShards: number;
  /** How long a heartbeat lasts. */
  readonly ttlMs: number;
  /**
   * How often all keys are searched for replicas of the reference that own no shard; those that own one are
   * known by it at once. @default 60_000
   */
  readonly searchMs?: number;
  /** A clock that never jumps. @default performance.now */
  readonly now?: () => number;
}

// Names of our replicas whose heartbeats last, this one included.
const BEAT = `
redis.call('SET', KEYS[1], '1', 'PX', ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return redis.call('ZRANGE', KEYS[2], 0, -1)`;

/** See the module's description. */
export class Replicas {
  readonly #redis: Redis;
  readonly #options: ReplicasOptions;
  /** Live replicas of the reference, as last seen. */
  #strangers: readonly string[] = [];
  #searchAt = -Infinity;

  constructor(redis: Redis, options: ReplicasOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  /** Prolongs this replica's heartbeat; the names of ours that are alive. */
  async beat(): Promise<string[]> {
    const { replica, ttlMs } = this.#options;
    return await this.#redis.eval(
      BEAT,
      2,
      this.#heartbeat(replica),
      this.#register,
      replica,
      ttlMs,
    ) as string[];
  }

  /** Beats, and counts all replicas that are alive, this one and those of the reference included. */
  async count(): Promise<number> {
    const ours = new Set(await this.beat());
    const known = new Set([...this.#strangers, ...await this.#owners(), ...await this.#search()]).difference(
      ours,
    );
    this.#strangers = await this.#alive([...known]);
    return ours.size + this.#strangers.length;
  }

  /** Ends the heartbeat. */
  async leave(): Promise<void> {
    const { replica } = this.#options;
    await Promise.all([
      this.#redis.del(this.#heartbeat(replica)),
      this.#redis.zrem(this.#register, replica),
    ]);
  }

  async #owners(): Promise<string[]> {
    const { prefix, numShards } = this.#options;
    const keys = Array.from({ length: numShards }, (_, shard) => `${prefix}:lease:${shard}`);
    return (await this.#redis.mget(keys)).filter((owner) => owner !== null);
  }

  async #search(): Promise<string[]> {
    const { searchMs = 60_000, now = () => performance.now() } = this.#options;
    if (now() < this.#searchAt) return [];
    const found: string[] = [];
    const start = this.#heartbeat("");
    for await (const keys of this.#redis.scanStream({ match: `${escapeGlob(start)}*`, count: 1_000 })) {
      found.push(...(keys as string[]).map((key) => key.slice(start.length)));
    }
    this.#searchAt = now() + searchMs;
    return found;
  }

  async #alive(replicas: readonly string[]): Promise<string[]> {
    if (replicas.length === 0) return [];
    const beats = await this.#redis.mget(replicas.map((replica) => this.#heartbeat(replica)));
    return replicas.filter((_, index) => beats[index] !== null);
  }

  #heartbeat(replica: string): string {
    return `${this.#options.prefix}:heartbeat:${replica}`;
  }

  get #register(): string {
    return `${this.#options.prefix}:replicas`;
  }
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, "\\$&");
}
