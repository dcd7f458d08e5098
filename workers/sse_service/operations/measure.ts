/**
 * How full the streams are and how far their consumers have come.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { shardKeys } from "lib/stream/keys.ts";

/** A base with its consumer group and dead letters. */
export interface MeasuredStream {
  readonly base: string;
  readonly numShards: number;
  readonly group: string;
  readonly dlq: string;
}

/** One shard; `lag`: entries that the group has not had yet, null if Redis cannot tell; `owner`: a replica id. */
export interface ShardMetrics {
  readonly stream: string;
  readonly xlen: number;
  readonly pending: number;
  readonly lag: number | null;
  readonly owner: string | null;
}

/** Looks at all shards of a base at once. */
export async function measure(
  redis: Redis,
  measured: MeasuredStream,
): Promise<{ shards: ShardMetrics[]; dlq_xlen: number }> {
  const { base, numShards, group, dlq } = measured;
  const [dlqXlen, shards] = await Promise.all([
    redis.xlen(dlq),
    Promise.all(
      shardKeys(base, numShards).map((stream, shard) => measureShard(redis, { stream, shard, group })),
    ),
  ]);
  return { shards, dlq_xlen: dlqXlen };
}

async function measureShard(
  redis: Redis,
  { stream, shard, group }: { stream: string; shard: number; group: string },
): Promise<ShardMetrics> {
  const [xlen, owner, groups] = await Promise.all([
    redis.xlen(stream),
    redis.get(`chris:lease:${group}:lease:${shard}`),
    redis.xinfo("GROUPS", stream).catch(() => []) as Promise<unknown[][]>,
  ]);
  const info = groups.find((fields) => fields[fields.indexOf("name") + 1] === group);
  const field = (name: string) => info?.[info.indexOf(name) + 1];
  const lag = field("lag");
  return {
    stream,
    xlen,
    pending: Number(field("pending") ?? 0),
    lag: typeof lag === "number" ? lag : null,
    owner,
  };
}
