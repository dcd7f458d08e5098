/**
 * Calling Redis from the forwarders: scripts by name, and every refusal an outage.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { OutageError } from "../run/outage_error.ts";

/** How long the record of a container is kept after it was last looked at (s). */
export const KEPT_SECONDS = 7 * 24 * 3_600;
/** The same, once the runtime has forgotten the container (s). */
export const KEPT_GONE_SECONDS = 3_600;

/** A script that takes its keys, then its arguments. */
export type Script = (...args: (string | number)[]) => Promise<unknown>;

/** Whatever Redis refuses (full, loading, read-only, away) it may accept later: nothing we send is at fault. */
export async function redisCall<T>(attempt: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new OutageError("redis", attempt, { cause });
  }
}

/** A script under a name of its own. ioredis sends its hash, and its text only to a server that does not know it. */
export function redisScript(redis: Redis, script: { name: string; keys: number; lua: string }): Script {
  const { name, keys, lua } = script;
  redis.defineCommand(name, { numberOfKeys: keys, lua });
  const commands = redis as unknown as Record<string, Script>;
  return (...args) =>
    commands[name]?.call(redis, ...args) ??
      Promise.reject(new TypeError(`Cannot run script ${name}: not defined`));
}
