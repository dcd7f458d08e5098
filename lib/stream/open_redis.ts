/**
 * Opening Redis: by address or through Sentinel, and refusing one that would lose events.
 *
 * @module
 */
import { Redis } from "ioredis";
import type { Logger } from "../run/log.ts";
import { unlessAborted } from "../run/unless_aborted.ts";
import { redisOptions } from "./redis_address.ts";
import { readSafety, type SafetyReport } from "./redis_safety.ts";

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
/** Longest wait for a connection to be made (ms); with Sentinel, each sentinel is tried in turn. */
const CONNECT_MS = 5_000;
/** Longest wait for an answer of a sentinel (ms): it may be as frozen as a server. */
const SENTINEL_ANSWER_MS = 2_000;
/** Pause after all sentinels were asked in vain (ms). */
const SENTINEL_PAUSE_MS = 500;

/**
 * Opens a connection that outlives outages and failovers: commands wait until Redis is back and in-flight ones are
 * sent again, so whatever is sent must be safe to run twice. It does not wait for Redis to answer. As a server may
 * go without a word (its machine died, Sentinel names another), one that keeps silent for `silenceMs` is looked up
 * again; so nothing that blocks may be sent on this connection.
 *
 * @param url See `redis_address.ts`.
 * @throws {RangeError} if the address cannot be read.
 */
export function openRedis(
  url: string,
  options: { name: string; log: Logger; silenceMs?: number },
): RedisResource {
  const redis = new Redis({
    ...redisOptions(url),
    connectionName: options.name,
    connectTimeout: CONNECT_MS,
    sentinelCommandTimeout: SENTINEL_ANSWER_MS,
    sentinelRetryStrategy: () => SENTINEL_PAUSE_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_PAUSE_MS),
    // After a failover the old primary answers READONLY: reconnect and send the command again.
    reconnectOnError: (error) => error.message.includes("READONLY") ? 2 : false,
  });
  redis.setMaxListeners(0); // each further connection listens, and so does each task queue
  const { log, silenceMs = SILENCE_MS } = options;
  reportOutages(redis, log);
  const watch = setInterval(watchdog(redis, log), silenceMs);
  Deno.unrefTimer(watch);
  return asResource(redis, () => clearInterval(watch));
}

/** Logs each outage's beginning, every other reason that it then has, and its end. */
function reportOutages(redis: Redis, log: Logger): void {
  const told = new Set<string>();
  redis.on("error", (error: Error) => {
    const reason = error.message || String(error);
    if (told.has(reason)) return;
    told.add(reason);
    const hint = /Requires net access/.test(reason) ? ": name this host in SENTINEL_MASTER_HOSTS" : "";
    log.warn({ error: reason }, `redis is unavailable, waiting for it${hint}`);
  });
  redis.on("ready", () => {
    if (told.size > 0) log.info("redis is back");
    told.clear();
  });
}

/** To be called again and again: makes the connection anew if the last call's question has not been answered. */
function watchdog(redis: Redis, log: Logger): () => void {
  let asked = false;
  return () => {
    if (!hasSocket(redis)) return; // others have time limits of their own
    if (asked) {
      log.warn("redis keeps silent, connecting again");
      return redis.disconnect(true);
    }
    asked = true;
    redis.ping().catch(() => {}).finally(() => asked = false);
  };
}

/** Whether there is a connection that can be made anew. One that is just being made must not be cut: it would end. */
function hasSocket(redis: Redis): boolean {
  return redis.status === "ready" || redis.status === "connect";
}

/**
 * A further connection to the same Redis, for calls that block. Its silence means nothing, so it is made anew
 * whenever `redis` loses its own connection: after a failover the server that it waits for may be frozen.
 */
export function duplicateRedis(redis: Redis): RedisResource {
  const copy = redis.duplicate();
  copy.on("error", () => {}); // the first connection reports outages
  const follow = () => {
    if (hasSocket(copy)) copy.disconnect(true);
  };
  redis.on("close", follow);
  // A frozen server takes connections, and then says nothing.
  let greeting: ReturnType<typeof setTimeout> | undefined;
  copy.on("connect", () => greeting = setTimeout(follow, SILENCE_MS));
  for (const event of ["ready", "close"]) copy.on(event, () => clearTimeout(greeting));
  return asResource(copy, () => {
    clearTimeout(greeting);
    redis.off("close", follow);
  });
}

/**
 * Waits until Redis answers, then looks at how it keeps data (architecture.md §7): an evicting one is refused
 * unless `allowUnsafe`; what else may cost events is warned about. It looks again after each reconnection, as
 * another server may answer then; what is wrong with that one is logged, as a running worker loses less by going
 * on. Returns early when `signal` aborts.
 *
 * @throws {UnsafeRedisError}
 */
export async function requireSafeRedis(
  redis: Redis,
  options: { allowUnsafe: boolean; log: Logger; signal: AbortSignal },
): Promise<void> {
  const { allowUnsafe, log, signal } = options;
  const report = await unlessAborted(askSafety(redis), signal);
  if (report === null) return;
  if (report.losing !== null && !allowUnsafe) {
    throw new UnsafeRedisError(
      `Cannot use this Redis: ${report.losing}, or set REDIS_ALLOW_UNSAFE=true to accept the loss`,
    );
  }
  if (report.losing !== null) log.warn(report.losing);
  for (const warning of report.warnings) log.warn(warning);
  let last = JSON.stringify(report);
  redis.on("ready", () => {
    askSafety(redis).then((report) => {
      if (JSON.stringify(report) === last) return;
      last = JSON.stringify(report);
      if (report.losing !== null) log.error(report.losing);
      for (const warning of report.warnings) log.warn(warning);
    }, () => {}); // it is gone again
  });
}

async function askSafety(redis: Redis): Promise<SafetyReport> {
  const info = await redis.info().catch((error: Error) => {
    if (/NOPERM/.test(error.message)) return null;
    throw error;
  });
  return readSafety(info, { sentinel: Boolean(redis.options.sentinels) });
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
