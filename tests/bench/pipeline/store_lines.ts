/**
 * (b) Log stream → log store in Postgres, against COPY of the same rows into the same table.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { encodeLogEvent } from "lib/event/codec.ts";
import type { LogEvent } from "lib/event/log.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres, type Sql } from "lib/store/open.ts";
import { shardKey, shardKeys, shardOf } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { lineEvent } from "../../../workers/log_forwarder/log_events.ts";
import { compare } from "./compare.ts";
import { countAcknowledged } from "./group_progress.ts";
import { lineAt, subjectOf } from "./lines_in_memory.ts";
import type { BenchOptions, Figure } from "./measurement.ts";
import { startWorker } from "./worker.ts";

const LINES = 100_000;
const JOBS = 8;
const SHARDS = 8;
const BASE = "stream:job-logs";
const GROUP = "log-consumer-group";
const STREAMS = shardKeys(BASE, SHARDS);
const COLUMNS = [
  "entry_ms",
  "entry_seq",
  "timestamp",
  "seq",
  "eos",
  "job_id",
  "event_id",
  "job_type",
  "stream",
]
  .concat("container_name", "container_id", "line");

/** Measures the real log consumer, from its first acknowledgement to its last. */
export async function storeLines(options: BenchOptions): Promise<Figure> {
  await using redisServer = await tempRedis();
  await using postgresServer = await tempPostgres();
  await using redis = openRedis(redisServer.url, { name: "bench", log });
  await using sql = openPostgres(postgresServer.dsn);
  await migrate(sql);
  const settings = { REDIS_URL: redisServer.url, LOG_STORE: "postgres", DB_DSN: postgresServer.dsn };
  return await compare({
    name: "log stream → Postgres",
    unit: "lines/s",
    baseline: "COPY",
    target: 0.4,
    runOurs: async () => {
      await empty(redis, sql);
      await publish(redis);
      const worker = startWorker("log_consumer", settings);
      try {
        return await acknowledgementRate(redis);
      } finally {
        await (await worker)[Symbol.asyncDispose]();
        await requireStored(sql);
      }
    },
    runBaseline: async () => {
      await empty(redis, sql);
      const text = copyText();
      const begin = performance.now();
      const copy = await sql.unsafe(`COPY job_logs (${COLUMNS.join(", ")}) FROM STDIN`).writable();
      await new Promise<void>((resolve, reject) => {
        copy.on("finish", resolve).on("error", reject);
        for (const part of text) copy.write(part);
        copy.end();
      });
      const ms = performance.now() - begin;
      await requireStored(sql);
      return LINES / (ms / 1_000);
    },
  }, options);
}

async function empty(redis: Redis, sql: Sql): Promise<void> {
  await redis.flushall();
  await sql`TRUNCATE job_logs`;
  await sql`CHECKPOINT`;
}

async function publish(redis: Redis): Promise<void> {
  for (let from = 0; from < LINES; from += 1_000) {
    const pipeline = redis.pipeline();
    for (const event of eventsFrom(from, 1_000)) {
      pipeline.xadd(shardKey(BASE, shardOf(event.job_id, SHARDS)), "*", "data", encodeLogEvent(event));
    }
    await pipeline.exec();
  }
}

function eventsFrom(from: number, count: number): LogEvent[] {
  return Array.from(
    { length: count },
    (_, index) => lineEvent(subjectOf((from + index) % JOBS), lineAt(from + index)),
  );
}

/** Entries per second, after the first that were acknowledged. @throws {Error} if it takes too long. */
async function acknowledgementRate(redis: Redis): Promise<number> {
  let first: { at: number; done: number } | null = null;
  const deadline = performance.now() + 120_000;
  for (;;) {
    const done = await countAcknowledged(redis, STREAMS, GROUP);
    const at = performance.now();
    if (done > 0) first ??= { at, done };
    if (done === LINES && first) return (LINES - first.done) / ((at - first.at) / 1_000);
    if (at > deadline) throw new Error(`Cannot measure: ${done} of ${LINES} lines stored after two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The same rows as Postgres' COPY wants them, in parts. */
function copyText(): string[] {
  const parts: string[] = [];
  for (let from = 0; from < LINES; from += 1_000) {
    const rows = eventsFrom(from, 1_000).map((event, index) =>
      [1_768_435_200_000 + from, index, event.timestamp, event.seq, event.eos, event.job_id, event.event_id]
        .concat(event.job_type, event.stream, event.container_name, event.container_id ?? "\\N", event.line)
        .join("\t")
    );
    parts.push(`${rows.join("\n")}\n`);
  }
  return parts;
}

async function requireStored(sql: Sql): Promise<void> {
  const [row] = await sql`SELECT count(*) AS lines FROM job_logs`;
  if (Number(row?.lines) !== LINES) {
    throw new Error(`Cannot compare: ${row?.lines} of ${LINES} lines are stored`);
  }
}
