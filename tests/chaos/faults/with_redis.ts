import { Redis } from "ioredis";
import type { AttackableWorld } from "../world/attackable_world.ts";

/** Does something with a connection of its own to the world's Redis. @throws what `work` throws, or if it is away. */
export async function withRedis<T>(world: AttackableWorld, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(world.redisUrl, { lazyConnect: true, retryStrategy: () => null });
  redis.on("error", () => {}); // told by the call that fails
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
