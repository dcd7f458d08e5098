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
import { ShardConsumer, type ShardConsumerOptions } from "./shard_consumer.ts";

/** What distinguishes one consumer from another. */
export interface GroupConsumerOptions<E>
  extends Omit<ShardConsumerOptions<E>, "waitForMore" | "maxDeliveries" | "handlerRetries"> {
  /** Base of the sharded stream. */
  readonly base: string;
  readonly group: string;
  readonly settings: z.infer<
    z.ZodObject<typeof consumerSettings & Pick<typeof streamSettings, "STREAM_NUM_SHARDS">>
  >;
}

/** Consumes all shards of a base that this replica can lease. A `Worker`. */
export class GroupConsumer<E> {
  readonly name: string;
  readonly #redis: Redis;
  readonly #options: GroupConsumerOptions<E>;
  readonly #leases: ShardLeases;

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

  /** Runs until `signal` aborts; entries in hand are finished and acknowledged first. */
  run(signal: AbortSignal): Promise<void> {
    return this.#leases.run(signal);
  }

  async #own(lease: ShardLease, signal: AbortSignal): Promise<void> {
    const stream = shardKey(this.#options.base, lease.shard);
    await using connection = duplicateRedis(this.#redis);
    const waiter = new EntryWaiter(connection, stream);
    const shard = new FencedShard(this.#redis, { stream, group: this.#options.group, lease });
    const consumer = new ShardConsumer(shard, {
      ...this.#options,
      maxDeliveries: this.#options.settings.RECLAIM_MAX_DELIVERIES,
      handlerRetries: this.#options.settings.HANDLER_RETRIES,
      waitForMore: (id, ms, signal) => waiter.wait(id, ms, signal),
    });
    await consumer.run(signal);
  }
}

/** `{host}:{pid}:{random}`: unlike the reference's it also differs between containers that share host name and pid. */
function replicaId(): string {
  return `${hostname()}:${Deno.pid}:${crypto.randomUUID().slice(0, 8)}`;
}
