/**
 * Opening Redis: by address or through Sentinel, and refusing one that would lose events.
 *
 * @module
 */
import { Redis, type RedisOptions } from "ioredis";
import type { Logger } from "../run/log.ts";

/** A connection that closes itself at the end of its scope. */
export type RedisResource = Redis & AsyncDisposable;

/** Redis is set up in a way that loses events, and nobody said that this is wanted. */
export class UnsafeRedisError extends Error {
  override readonly name = "UnsafeRedisError";
}

/** Longest pause between two attempts to reconnect (ms). */
const MAX_RECONNECT_PAUSE_MS = 2_000;

/**
 * Opens a connection that outlives outages: commands wait until Redis is back and in-flight ones are sent
 * again, so whatever is sent must be safe to run twice. It does not wait for Redis to answer.
 *
 * @param url `redis://`, `rediss://`, or `redis+sentinel://host:port,host:port/master/db`.
 * @throws {RangeError} if the address cannot be read.
 */
export function openRedis(url: string, options: { name: string; log: Logger }): RedisResource {
  const redis = new Redis({
    ...redisOptions(url),
    connectionName: options.name,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_PAUSE_MS),
    // After a failover the old primary answers READONLY: reconnect and send the command again.
    reconnectOnError: (error) => error.message.startsWith("READONLY") ? 2 : false,
  });
  let down = false;
  redis.on("error", (error: Error) => {
    if (!down) options.log.warn({ error: error.message || String(error) }, "redis is unavailable, waiting for it");
    down = true;
  });
  redis.on("ready", () => {
    if (down) options.log.info("redis is back");
    down = false;
  });
  return asResource(redis);
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
    const fault = `maxmemory-policy is "${policy}": Redis would drop events when it is full. Set it to noeviction`;
    if (!options.allowUnsafe) {
      throw new UnsafeRedisError(`Cannot use this Redis: ${fault}, or set REDIS_ALLOW_UNSAFE=true to accept the loss`);
    }
    options.log.warn(fault);
  }
  if (/^aof_enabled:0/m.test(info)) {
    options.log.warn("Redis keeps no append-only file: what it holds is lost when it restarts. Set appendonly yes");
  }
}

/** The answer, or null when `signal` aborts before it comes. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  const aborted = Promise.withResolvers<null>();
  const abort = () => aborted.resolve(null);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([answer, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What ioredis needs to know for an address. */
export function redisOptions(url: string): RedisOptions {
  if (!url.startsWith("redis+sentinel://")) {
    const parsed = new URL(url);
    const db = Number(parsed.pathname.slice(1) || 0);
    if (!Number.isInteger(db)) throw new RangeError(`Cannot read the Redis address: "${parsed.pathname}" is no database number`);
    return {
      host: parsed.hostname.replace(/^\[|\]$/g, ""),
      port: Number(parsed.port || 6379),
      db,
      ...credentials(parsed.username, parsed.password),
      ...(parsed.protocol === "rediss:" ? { tls: {} } : {}),
    };
  }
  const match = /^redis\+sentinel:\/\/(?:([^@/]*)@)?([^/]+)\/([^/?]+)(?:\/(\d+))?$/.exec(url);
  if (!match) {
    throw new RangeError("Cannot read the Redis address: expected redis+sentinel://host:port,host:port/master/db");
  }
  const [, login = "", hosts = "", name = "", db = "0"] = match;
  const [user = "", password = ""] = login.split(":");
  return {
    sentinels: hosts.split(",").map((text) => {
      const { hostname, port } = new URL(`redis://${text}`);
      return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 26379) };
    }),
    name,
    db: Number(db),
    ...credentials(user, password),
  };
}

function credentials(username: string, password: string): RedisOptions {
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
  };
}

function asResource(redis: Redis): RedisResource {
  return Object.assign(redis, {
    // `disconnect` also ends what waits for an answer or blocks; everything of value was awaited before.
    [Symbol.asyncDispose]: () => {
      redis.disconnect();
      return Promise.resolve();
    },
  });
}
