import type { Redis } from "ioredis";

/** How many entries of these streams a consumer group has acknowledged. */
export async function countAcknowledged(
  redis: Redis,
  streams: readonly string[],
  group: string,
): Promise<number> {
  const counts = await Promise.all(streams.map(async (stream) => {
    const groups = await redis.xinfo("GROUPS", stream).catch(() => []) as unknown[][];
    const fields = groups.find((fields) => fields[1] === group);
    const field = (name: string) => Number(fields?.[fields.indexOf(name) + 1] ?? 0);
    return field("entries-read") - field("pending");
  }));
  return counts.reduce((sum, count) => sum + count, 0);
}
