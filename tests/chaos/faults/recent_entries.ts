import type { Redis } from "ioredis";
import type { AttackableWorld } from "../world/attackable_world.ts";

/** How far back. */
const RECENT = 200;

/** `data` of the newest good entries of each shard that has some, oldest first. */
export async function recentEntries(
  redis: Redis,
  world: AttackableWorld,
  base: string,
): Promise<[stream: string, data: string[]][]> {
  const shards = Array.from({ length: world.shards }, (_, shard) => `${base}:${shard}`);
  const all = await Promise.all(shards.map(async (stream): Promise<[string, string[]]> => {
    const entries = await redis.xrevrange(stream, "+", "-", "COUNT", RECENT);
    const own = entries.filter(([id]) =>
      !world.injected.some((poison) =>
        poison.kind === "poison" && poison.stream === stream && poison.id === id
      )
    );
    return [stream, own.flatMap(([, [name, data]]) => name === "data" && data ? [data] : []).reverse()];
  }));
  return all.filter(([, entries]) => entries.length > 0);
}

/** The job that an entry is about; null if it tells none. */
export function jobIdOf(data: string): unknown {
  try {
    return JSON.parse(data).job_id ?? null;
  } catch {
    return null;
  }
}
