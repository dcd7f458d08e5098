/**
 * Opening Redis: by address or through Sentinel, and refusing one that would lose events.
 *
 * @module
 */
import { Redis } from "ioredis";
import type { Logger } from "../run/log.ts";
import { unlessAborted } from "../run/unless_aborted.ts";
import { redisOptions } from "./redis_address.ts";

/** A connection that closes itself at the end of its scope. */
export type RedisResource = Redis & AsyncDisposable;

/** Redis is set up in a way that loses events, and nobody said that this is wanted. */
export class UnsafeRedisError extends Error {
  override readonly name = "UnsafeRedisError";
}

/** Longest pause between two attempts to reconnect (ms). */
const MAX_RECONNECT_PAUSE_MS = 2_000;
/** A connection that says nothing for this long while it is asked is made anew (ms). */
const SILENCE_MS = 10_000;

/**
 * Opens a connection that outlives outages: commands wait until Redis is back and in-flight ones are sent
 * again, so whatever is sent must be safe to run twice. It does not wait for Redis to answer. As a server may go
 * without a word (its machine died, Sentinel names another), one that keeps silent for `silenceMs` is looked up
 * again; so nothing that blocks may be sent on this connection.
 *
 * @param url `redis://`, `rediss://`, or `redis+sentinel://host:port,host:port/master/db`.
 * @throws {RangeError} if the address cannot be read.
 */
export function openRedis(
  url: string,
  options: { name: string; log: Logger; silenceMs?: number },
): RedisResource {
  const redis = new Redis({
    ...redisOptions(url),
    connectionName: options.name,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_PAUSE_MS),
    // After a failover the old primary answers READONLY: reconnect and send the command again.
    reconnectOnError: (error) => error.message.includes("READONLY") ? 2 : false,
  });
  let down = false;
  redis.on("error", (error: Error) => {
    if (!down) {
      options.log.warn({ error: error.message || String(error) }, "redis is unavailable, waiting for it");
    }
    down = true;
  });
  redis.on("ready", () => {
    if (down) options.log.info("redis is back");
    down = false;
  });
  const { log, silenceMs = SILENCE_MS } = options;
  const watch = setInterval(watchdog(redis, log), silenceMs);
  Deno.unrefTimer(watch);
  return asResource(redis, () => clearInterval(watch));
}

/** To be called again and again: makes the connection anew if the last call's question has not been answered. */
function watchdog(redis: Redis, log: Logger): () => void {
  let asked = false;
  return () => {
    if (redis.status !== "ready" && redis.status !== "connect") return; // others have time limits of their own
    if (asked) {
      log.warn("redis keeps silent, connecting again");
      return redis.disconnect(true);
    }
    asked = true;
    redis.ping().catch(() => {}).finally(() => asked = false);
  };
}

/** A further connection to the same Redis, for calls that block. */
export function duplicateRedis(redis: Redis): RedisResource {
  const copy = redis.duplicate();
  copy.on("error", () => {}); // the first connection reports outages
  return asResource(copy);
}

/**
 * Waits until Redis answers, then looks at how it keeps data (architecture.md §7): an evicting one is refused
 * unless `allowUnsafe`, one without append-only file is warned about. Returns early when `signal` aborts.
 *
 * @throws {UnsafeRedisError}
 */
export async function requireSafeRedis(
  redis: Redis,
  options: { allowUnsafe: boolean; log: Logger; signal: AbortSignal },
): Promise<void> {
  const info = await unlessAborted(redis.info(), options.signal);
  if (info === null) return;
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? "noeviction";
  if (policy !== "noeviction") {
    const fault =
      `maxmemory-policy is "${policy}": Redis would drop events when it is full. Set it to noeviction`;
    if (!options.allowUnsafe) {
      throw new UnsafeRedisError(
        `Cannot use this Redis: ${fault}, or set REDIS_ALLOW_UNSAFE=true to accept the loss`,
      );
    }
    options.log.warn(fault);
  }
  if (/^aof_enabled:0/m.test(info)) {
    options.log.warn(
      "Redis keeps no append-only file: what it holds is lost when it restarts. Set appendonly yes",
    );
  }
}

function asResource(redis: Redis, release = () => {}): RedisResource {
  return Object.assign(redis, {
    // `disconnect` also ends what waits for an answer or blocks; everything of value was awaited before.
    [Symbol.asyncDispose]: () => {
      release();
      redis.disconnect();
      return Promise.resolve();
    },
  });
}
