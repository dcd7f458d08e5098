/**
 * Addresses of Redis: one server, or Sentinel.
 *
 * @module
 */
import type { RedisOptions } from "ioredis";

/** What is wrong with addresses of Redis, each under the name of its setting; one that is not set is well. */
export function redisFaults(addresses: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(addresses).flatMap(([name, url]) => {
    try {
      if (url !== undefined) redisOptions(url);
      return [];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [`${name} cannot be used: ${error.message}`];
    }
  });
}

/**
 * What ioredis needs to know for an address.
 *
 * @throws {RangeError} if it cannot be read. The message does not show the address: it may hold a password.
 */
export function redisOptions(url: string): RedisOptions {
  return url.startsWith("redis+sentinel://") ? sentinelOptions(url) : serverOptions(url);
}

function serverOptions(url: string): RedisOptions {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new RangeError("Cannot read the Redis address: expected redis://user:password@host:port/database");
  }
  const { protocol, hostname, port, pathname, username, password } = new URL(url);
  if (hostname === "") throw new RangeError("Cannot read the Redis address: it names no host");
  const [, db] = /^\/?(\d*)$/.exec(pathname) ?? [];
  if (db === undefined) {
    throw new RangeError(`Cannot read the Redis address: "${pathname}" is no database number`);
  }
  return {
    ...hostAndPort({ hostname, port }, 6379),
    db: Number(db),
    ...credentials(username, password),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
  };
}

function sentinelOptions(url: string): RedisOptions {
  const match = /^redis\+sentinel:\/\/(?:([^@/]*)@)?([^@/]+)\/([^/?]+)(?:\/(\d*))?$/.exec(url);
  const [, login = "", hosts = "", name = "", db = ""] = match ?? [];
  const sentinels = hosts.split(",").map((text) => `redis://${text}`);
  if (!match || !sentinels.every((text) => URL.canParse(text) && new URL(text).hostname)) {
    throw new RangeError(
      "Cannot read the Redis address: expected redis+sentinel://host:port,host:port/master/db",
    );
  }
  const [user = "", ...password] = login.split(":");
  return {
    sentinels: sentinels.map((text) => hostAndPort(new URL(text), 26379)),
    name,
    db: Number(db),
    ...credentials(user, password.join(":")),
  };
}

/** IPv6 addresses lose the brackets that they wear in an address. */
function hostAndPort({ hostname, port }: { hostname: string; port: string }, defaultPort: number) {
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || defaultPort) };
}

function credentials(username: string, password: string): RedisOptions {
  try {
    return {
      ...(username ? { username: decodeURIComponent(username) } : {}),
      ...(password ? { password: decodeURIComponent(password) } : {}),
    };
  } catch (cause) {
    throw new RangeError("Cannot read the Redis address: user and password must be percent-encoded", {
      cause,
    });
  }
}
