/**
 * One life of Redis's streams, told from the next: another one begins when Redis was emptied (the key is gone), was
 * started again, or is another server than before (restored from a copy, failed over). Each of them may have lost
 * entries, and who comes from one life to the next is answered by history.
 *
 * @module
 */
import type { Redis } from "ioredis";

/** See the module's description. */
export interface Generation {
  /** Letters and digits; the same for every replica of the service. */
  readonly id: string;
  /** Age in ms by Redis's clock: while it is small, forwarders and relay may still be telling things again. */
  readonly ageMs: number;
}

/** Key that Redis loses with everything else. */
const GENERATION_KEY = "chris:stream:generation";

/** The present generation; begins one where there is none. */
export async function readGeneration(redis: Redis): Promise<Generation> {
  const born = await redis.get(GENERATION_KEY) ?? await begin(redis);
  const [seconds] = await redis.time();
  const info = await redis.info("server").catch(() => ""); // refused to some users: restarts then go unnoticed
  const run = /^run_id:([0-9a-f]{6})/m.exec(info)?.[1] ?? "";
  const upMs = Number(/^uptime_in_seconds:(\d+)/m.exec(info)?.[1] ?? Infinity) * 1_000;
  const [name = "", at = "0"] = born.split(":");
  return {
    id: `${name.replace(/[^a-z0-9]/g, "").slice(0, 12)}${run}` || "0",
    ageMs: Math.min(upMs, Number(seconds) * 1_000 - Number(at)),
  };
}

async function begin(redis: Redis): Promise<string> {
  const [seconds] = await redis.time();
  await redis.set(GENERATION_KEY, `${crypto.randomUUID().slice(0, 8)}:${Number(seconds) * 1_000}`, "NX");
  return await redis.get(GENERATION_KEY) ?? "0";
}
