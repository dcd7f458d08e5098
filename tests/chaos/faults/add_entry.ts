import { Buffer } from "node:buffer";
import type { Redis } from "ioredis";
import type { AttackableWorld } from "../world/attackable_world.ts";
import type { InjectedEntry } from "../world.ts";

/**
 * How far ahead of the newest entry an id is taken (ms), so that nobody else takes it first: farther with each try, as a
 * busy machine may take long between the choice of an id and its use. All is less than clocks may differ by.
 */
const AHEAD_MS = [5, 20, 80, 300, 900] as const;

/**
 * Adds an entry to a stream, which the world knows of before anybody can read it.
 *
 * @throws {Error} if Redis does not take it in several tries.
 */
export async function addEntry(
  world: AttackableWorld,
  redis: Redis,
  entry: Pick<InjectedEntry, "stream" | "kind" | "fields">,
): Promise<void> {
  const fields = Object.entries(entry.fields).map(([name, value]) => [name, Buffer.from(value, "latin1")])
    .flat();
  for (const [tries, aheadMs] of AHEAD_MS.entries()) {
    const id = await idAhead(redis, entry.stream, aheadMs);
    const { redisGeneration } = world;
    world.announceInjected(entry.stream, id);
    try {
      await redis.xadd(entry.stream, id, ...fields);
      return world.noteInjected({ ...entry, id, generation: redisGeneration });
    } catch (error) {
      if (tries === AHEAD_MS.length - 1) throw error; // else a forwarder was faster: the id is too small now
    }
  }
}

async function idAhead(redis: Redis, stream: string, aheadMs: number): Promise<string> {
  const [newest] = await redis.xrevrange(stream, "+", "-", "COUNT", 1);
  const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
  const newestMs = Number(newest?.[0].split("-")[0] ?? 0);
  return `${Math.max(newestMs, seconds * 1_000 + Math.floor(micros / 1_000)) + aheadMs}-0`;
}

/** The bytes of a text, each as one character: how fields are kept that may hold any bytes. */
export function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
