/**
 * A whole consumer: the leases of a group and, for each shard owned, a {@link ShardConsumer}.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { hostname } from "node:os";
import type { z } from "@zod/zod";
import type { consumerSettings, streamSettings } from "../run/stream_settings.ts";
import { EntryWaiter } from "./entry_waiter.ts";
import { FencedShard } from "./fence.ts";
import { shardKey } from "./keys.ts";
import { type ShardLease, ShardLeases } from "./lease.ts";
import { duplicateRedis } from "./open_redis.ts";
import { Solo } from "./solo.ts";
import type { TrimRisk } from "./trim_risk.ts";
import { TrimWatch } from "./trim_watch.ts";
import { ShardConsumer, type ShardConsumerOptions } from "./shard_consumer.ts";

/** What distinguishes one consumer from another. */
export interface GroupConsumerOptions<E>
  extends Omit<ShardConsumerOptions<E>, "waitForMore" | "maxDeliveries" | "handlerRetries"> {
  /** Base of the sharded stream. */
  readonly base: string;
  /** The cap of each of its shards (entries), which groups must not come near. @default Infinity */
  readonly maxlen?: number;
  readonly group: string;
  readonly settings: z.infer<
    z.ZodObject<typeof consumerSettings & Pick<typeof streamSettings, "STREAM_NUM_SHARDS">>
  >;
}

/** What a consumer tells beside its readiness. */
export interface ConsumerReport {
  /** Shards owned. */
  readonly shards: readonly number[];
  /** Jobs of those shards that are held back because an entry of theirs fails. */
  readonly held_jobs: number;
  /** Entries that were trimmed from those shards before the group had acknowledged them, ever. */
  readonly lost_to_trimming: number;
  /** Shards of which a group is so far behind that it may soon lose entries. */
  readonly near_trimming: readonly ({ readonly shard: number } & TrimRisk)[];
}

/** Consumes all shards of a base that this replica can lease. A `Worker`. */
export class GroupConsumer<E> {
  readonly name: string;
  readonly #redis: Redis;
  readonly #options: GroupConsumerOptions<E>;
  readonly #leases: ShardLeases;
  readonly #solo = new Solo();
  readonly #watches = new Map<number, TrimWatch>();
  readonly #consumers = new Map<number, ShardConsumer<E>>();

  constructor(redis: Redis, options: GroupConsumerOptions<E>) {
    this.name = `consumer of ${options.base}`;
    this.#redis = redis;
    this.#options = options;
    this.#leases = new ShardLeases(redis, (lease, signal) => this.#own(lease, signal), {
      prefix: `chris:lease:${options.group}`,
      replica: replicaId(),
      numShards: options.settings.STREAM_NUM_SHARDS,
      ttlMs: options.settings.LEASE_TTL_MS,
      refreshMs: options.settings.LEASE_REFRESH_INTERVAL_MS,
      acquireMs: options.settings.LEASE_ACQUIRE_INTERVAL_MS,
      log: options.log,
    });
  }

  /** Shards owned now. */
  get owned(): number[] {
    return this.#leases.owned;
  }

  /** What an operator may want to know, shard by shard as of the last look. */
  report(): ConsumerReport {
    const states = [...this.#watches].map(([shard, { state }]) => ({ shard, ...state }));
    return {
      shards: this.owned,
      held_jobs: [...this.#consumers.values()].reduce((sum, { heldJobs }) => sum + heldJobs, 0),
      lost_to_trimming: states.reduce((sum, { lost }) => sum + lost, 0),
      near_trimming: states.flatMap(({ shard, risk }) => risk ? [{ shard, ...risk }] : []),
    };
  }

  /** Runs until `signal` aborts; entries in hand are finished and acknowledged first. */
  run(signal: AbortSignal): Promise<void> {
    return this.#leases.run(signal);
  }

  async #own(lease: ShardLease, signal: AbortSignal): Promise<void> {
    const stream = shardKey(this.#options.base, lease.shard);
    await using connection = duplicateRedis(this.#redis);
    const waiter = new EntryWaiter(connection, stream);
    const shard = new FencedShard(this.#redis, { stream, group: this.#options.group, lease });
    const { log, maxlen = Infinity, settings } = this.#options;
    const consumer = new ShardConsumer(shard, {
      ...this.#options,
      solo: this.#solo,
      maxDeliveries: settings.RECLAIM_MAX_DELIVERIES,
      handlerRetries: settings.HANDLER_RETRIES,
      waitForMore: (id, ms, signal) => waiter.wait(id, ms, signal),
    });
    const watch = new TrimWatch(shard, { maxlen, shard: lease.shard, log });
    this.#watches.set(lease.shard, watch);
    this.#consumers.set(lease.shard, consumer);
    const ended = new AbortController();
    const watching = watch.run(ended.signal);
    try {
      await consumer.run(signal);
    } finally {
      this.#watches.delete(lease.shard);
      this.#consumers.delete(lease.shard);
      ended.abort();
      await watching;
    }
  }
}

/** `{host}:{pid}:{random}`: unlike the reference's it also differs between containers that share host name and pid. */
function replicaId(): string {
  return `${hostname()}:${Deno.pid}:${crypto.randomUUID().slice(0, 8)}`;
}
