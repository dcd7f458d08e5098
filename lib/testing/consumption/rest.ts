/**
 * Whether consumers have come to rest: shards shared evenly, nothing pending. What is amiss is said in words.
 *
 * @module
 */
import type { GroupConsumer } from "../../stream/group_consumer.ts";
import type { RedisModel } from "../redis_model/redis_model.ts";

/** One consumer, pretending to be a process of its own. */
export interface Replica {
  readonly name: string;
  /** Its place; another one takes it when this one is gone. */
  readonly index: number;
  readonly consumer: GroupConsumer<string>;
  readonly stop: () => Promise<void>;
  isDown: boolean;
}

/** In what the shards are not shared out as they should be. */
export function unshared(
  replicas: readonly Replica[],
  count: { shards: number; replicas: number },
): string[] {
  const quota = Math.ceil(count.shards / count.replicas);
  const unrest: string[] = [];
  let owned = 0;
  for (const { name, consumer, isDown } of replicas) {
    if (isDown) unrest.push(`${name} is down`);
    if (consumer.owned.length > quota) unrest.push(`${name} owns ${consumer.owned}`);
    owned += consumer.owned.length;
  }
  if (owned !== count.shards) unrest.push(`${owned} shards are owned`);
  return unrest;
}

/** What is pending on a stream, or that it has no group. */
export function pendingOf(redis: RedisModel, stream: string, group: string): string[] {
  try {
    const [count] = redis.execute("XPENDING", [stream, group]) as unknown[];
    return count === 0 ? [] : [`${count} entries of ${stream} are pending`];
  } catch (error) {
    return [`${stream} cannot be looked at: ${error}`];
  }
}
