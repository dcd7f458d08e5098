/**
 * Addresses of Redis: one server, or Sentinel.
 *
 * `redis://user:password@host:6379/0`
 * `redis+sentinel://user:password@host1:26379,host2:26379/mymaster/0?sentinel_user=…&sentinel_password=…`
 *
 * The login before the hosts is that of the Redis servers; Sentinel's own, if it has one, stands in the query.
 * `rediss://` and `rediss+sentinel://` speak TLS, the latter to the sentinels too.
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
  return /^rediss?\+sentinel:\/\//.test(url) ? sentinelOptions(url) : serverOptions(url);
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
  const match = SENTINEL_ADDRESS.exec(url);
  const [, scheme = "", login = "", hosts = "", name = "", db = "", query = ""] = match ?? [];
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
    ...sentinelLogin(query),
    ...(scheme === "rediss" ? { tls: {}, enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  };
}

/** Scheme, login, hosts, name of the primary, database, query. */
const SENTINEL_ADDRESS =
  /^(rediss?)\+sentinel:\/\/(?:([^@/]*)@)?([^@/?]+)\/([^/?]+)(?:\/(\d*))?(?:\?([^?]*))?$/;

function sentinelLogin(query: string): RedisOptions {
  const fields = new URLSearchParams(query.replaceAll("+", "%2B"));
  const unknown = [...fields.keys()].find((key) => key !== "sentinel_user" && key !== "sentinel_password");
  if (unknown !== undefined) {
    throw new RangeError(
      "Cannot read the Redis address: after ? only sentinel_user and sentinel_password may be set",
    );
  }
  const [user, password] = [fields.get("sentinel_user"), fields.get("sentinel_password")];
  return { ...(user ? { sentinelUsername: user } : {}), ...(password ? { sentinelPassword: password } : {}) };
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
