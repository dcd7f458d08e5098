/**
 * A whole consumer: the leases of a group and, for each shard owned, a {@link ShardConsumer}.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { hostname } from "node:os";
import type { z } from "@zod/zod";
import type { consumerSettings, streamSettings } from "../run/stream_settings.ts";
import { FencedShard } from "./fence.ts";
import { shardKey } from "./keys.ts";
import { type ShardLease, ShardLeases } from "./lease.ts";
import { duplicateRedis } from "./open_redis.ts";
import { ShardConsumer, type ShardConsumerOptions } from "./shard_consumer.ts";

/** What distinguishes one consumer from another. */
export interface GroupConsumerOptions<E> extends Omit<ShardConsumerOptions<E>, "waitForMore" | "maxDeliveries" | "handlerRetries"> {
  /** Base of the sharded stream. */
  readonly base: string;
  readonly group: string;
  readonly settings: z.infer<z.ZodObject<typeof consumerSettings & Pick<typeof streamSettings, "STREAM_NUM_SHARDS">>>;
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
    await using waiter = duplicateRedis(this.#redis);
    const shard = new FencedShard(this.#redis, { stream, group: this.#options.group, lease });
    const consumer = new ShardConsumer(shard, {
      ...this.#options,
      maxDeliveries: this.#options.settings.RECLAIM_MAX_DELIVERIES,
      handlerRetries: this.#options.settings.HANDLER_RETRIES,
      log: this.#options.log,
      waitForMore: (id, ms, signal) => waitForEntry(waiter, stream, { after: id, ms, signal }),
    });
    await consumer.run(signal);
  }
}

/** Blocks on its own connection until an entry after `after` is there. It only wakes up; reading is fenced. */
async function waitForEntry(
  redis: Redis,
  stream: string,
  { after, ms, signal }: { after: string; ms: number; signal: AbortSignal },
): Promise<void> {
  if (signal.aborted) return;
  const stopped = Promise.withResolvers<void>();
  const stop = () => stopped.resolve();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const blocked = redis.xread("COUNT", 1, "BLOCK", Math.max(1, Math.round(ms)), "STREAMS", stream, after);
    await Promise.race([blocked.catch(() => {}), stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** `{host}:{pid}:{random}`: unlike the reference's it also differs between containers that share host name and pid. */
function replicaId(): string {
  return `${hostname()}:${Deno.pid}:${crypto.randomUUID().slice(0, 8)}`;
}
