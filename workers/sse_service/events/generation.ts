/**
 * One life of Redis's streams, told from the next: another one begins when Redis was emptied (the key is gone), was
 * started again, or is another server than before (restored from a copy, failed over). Each of them may have lost
 * entries, and who comes from one life to the next is answered by history.
 *
 * @module
 */
import type { Redis } from "ioredis";

/** Key that Redis loses with everything else. */
const GENERATION_KEY = "chris:stream:generation";

/** The present generation, in letters and digits, the same for every replica; begins one where there is none. */
export async function readGeneration(redis: Redis): Promise<string> {
  const born = await redis.get(GENERATION_KEY) ?? await begin(redis);
  const info = await redis.info("server").catch(() => ""); // refused to some users: restarts then go unnoticed
  const run = /^run_id:([0-9a-f]{6})/m.exec(info)?.[1] ?? "";
  return `${born.replace(/[^a-z0-9]/g, "").slice(0, 8)}${run}` || "0";
}

async function begin(redis: Redis): Promise<string> {
  await redis.set(GENERATION_KEY, crypto.randomUUID().slice(0, 8), "NX");
  return await redis.get(GENERATION_KEY) ?? "0";
}
