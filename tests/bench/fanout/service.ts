/**
 * The project's own service, as a process with its permissions, on servers of its own.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { silentLogger as log } from "lib/run/log.ts";
import { openPostgres, type Sql } from "lib/store/open.ts";
import { shardKey, shardKeys, shardOf } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";
import { startWorker } from "../pipeline/worker.ts";
import { type Contender, eventsRequest } from "./contender.ts";
import { Wire } from "./wire.ts";

const BASE = "stream:job-logs";
const GROUP = "log-consumer-group";
const SHARDS = 8;

/** The service with what stands behind it. */
export interface Service extends Contender {
  readonly redis: Redis;
  readonly sql: Sql;
}

/** Starts everything. @throws {Error} with what was logged, if something does not come up. */
export async function startService(): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const redisServer = stack.use(await tempRedis());
  const postgres = stack.use(await tempPostgres());
  const port = freePort();
  const worker = stack.use(
    await startWorker("sse_service", {
      REDIS_URL: redisServer.url,
      DB_DSN: postgres.dsn,
      LOG_STORE: "postgres",
      HOST: "127.0.0.1",
      PORT: String(port),
    }),
  );
  const redis = stack.use(openRedis(redisServer.url, { name: "bench", log }));
  const sql = stack.use(openPostgres(postgres.dsn));
  await until("the tables are there", () => knowsNoJob(port));
  const streams = shardKeys(BASE, SHARDS);
  for (const stream of streams) await redis.xgroup("CREATE", stream, GROUP, "0", "MKSTREAM");
  const wire = stack.use(await Wire.open(redisServer.port, (answer) => /^-[A-Z]/m.test(answer)));
  await wire.write(command("AUTH", redisServer.password));
  const owned = stack.move();
  return {
    name: "sse_service",
    port,
    pid: worker.pid,
    mostPerSecond: null,
    redis,
    sql,
    request: (jobId) => eventsRequest(`/events/${jobId}/logs`, port),
    publish: (jobId, events) => {
      const stream = shardKey(BASE, shardOf(jobId, SHARDS));
      return wire.write(events.map((event) => command("XADD", stream, "*", "data", event)).join(""));
    },
    // As if a log consumer had stored it all: what it has acknowledged is not read from the stream again.
    forget: async () => {
      for (const stream of streams) {
        await redis.xgroup("SETID", stream, GROUP, "$");
        await redis.xtrim(stream, "MAXLEN", 0);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Whether the service can look for a job, and finds none. */
async function knowsNoJob(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/api/jobs/none/workflow`);
  await response.body?.cancel();
  return response.status === 404;
}

/** A command as Redis reads it; all of it in ASCII. */
function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
