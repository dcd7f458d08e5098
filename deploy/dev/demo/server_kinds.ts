/**
 * The servers that the system needs, and how to get them.
 *
 * @module
 */
import { findPostgres, selectOne, startPostgres } from "../services/postgres.ts";
import { findRedis, pingRedis, startRedis } from "../services/redis.ts";
import type { ServerKind } from "./provide_server.ts";

/** Redis, with data that outlives it. */
export const REDIS: ServerKind = {
  title: "Redis",
  name: "redis",
  variable: "REDIS_URL",
  packages: { apt: ["redis-server"], brew: ["redis"] },
  image: "redis:7-alpine",
  find: findRedis,
  start: async (dir) => {
    const part = await startRedis({ dir });
    const description = `${await findRedis()} on 127.0.0.1:${part.port}, with append-only file`;
    return { address: part.url, description, part };
  },
  container: (password) => ({
    port: 6379,
    command: ["redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
      .concat("--requirepass", password),
    address: (port) => `redis://:${password}@127.0.0.1:${port}/0`,
    ping: (port) => pingRedis(port, password),
  }),
};

/** Postgres. */
export const POSTGRES: ServerKind = {
  title: "Postgres",
  name: "postgres",
  variable: "DB_DSN",
  packages: { apt: ["postgresql"], brew: ["postgresql"] },
  image: "postgres:16-alpine",
  find: findPostgres,
  start: async (dir) => {
    const part = await startPostgres({ dir });
    const description = `${await findPostgres()}/postgres on 127.0.0.1:${part.port}`;
    return { address: part.dsn, description, part };
  },
  container: (password) => {
    const address = (port: number) => `postgres://chris:${password}@127.0.0.1:${port}/chris`;
    return {
      port: 5432,
      env: ["POSTGRES_USER=chris", `POSTGRES_PASSWORD=${password}`, "POSTGRES_DB=chris"],
      address,
      ping: (port) => selectOne(address(port)),
    };
  },
};
