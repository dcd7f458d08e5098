/**
 * Names of streams and their shards, and which shard a job lives on (wire.md §1).
 *
 * @module
 */
import { createHash } from "node:crypto";

/**
 * The shard of a job: the first 8 bytes of the MD5 of its id, read as a big-endian number, modulo the number
 * of shards. All entries of one job are on one shard, which is what keeps them in order.
 */
export function shardOf(jobId: string, numShards: number): number {
  const digest = createHash("md5").update(jobId, "utf8").digest();
  return Number(digest.readBigUInt64BE(0) % BigInt(numShards));
}

/** The stream key of one shard: `{base}:{shard}`. */
export function shardKey(base: string, shard: number): string {
  return `${base}:${shard}`;
}

/** All stream keys of a base, shard 0 first. */
export function shardKeys(base: string, numShards: number): string[] {
  return Array.from({ length: numShards }, (_, shard) => shardKey(base, shard));
}
