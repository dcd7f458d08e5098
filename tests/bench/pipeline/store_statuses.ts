/**
 * (c) Status events → status_consumer → task queue → task_worker → Postgres.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { encodeStatusEvent } from "lib/event/codec.ts";
import { statusEventId } from "lib/event/event_id.ts";
import { StatusEvent } from "lib/event/status.ts";
import { wireTimestampOf } from "lib/event/timestamp.ts";
import { StrictPfcon } from "lib/testing/strict_pfcon.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres } from "lib/store/open.ts";
import { shardKey, shardKeys, shardOf } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { countAcknowledged } from "./group_progress.ts";
import type { BenchOptions, Figure } from "./measurement.ts";
import { cpuSecondsOfTree } from "./process_cost.ts";
import { median } from "./stats.ts";
import { startWorker } from "./worker.ts";

const JOBS = 500;
const STATUSES = ["notStarted", "started", "finishedSuccessfully"] as const;
const EVENTS = JOBS * STATUSES.length;
const BASE = "stream:job-status";
const SHARDS = 8;

/** What one round brought: events per second, and processor time (s) by process. */
interface Run {
  readonly rate: number;
  readonly cpu: Record<string, number>;
}

/** Measures the whole way at once, and each of its two workers alone. */
export async function storeStatuses({ rounds, progress }: BenchOptions): Promise<Figure[]> {
  await using redisServer = await tempRedis();
  await using postgresServer = await tempPostgres();
  await using redis = openRedis(redisServer.url, { name: "bench", log });
  await using sql = openPostgres(postgresServer.dsn);
  await using pfcon = new StrictPfcon();
  await migrate(sql);
  const everywhere = { REDIS_URL: redisServer.url };
  const work = {
    ...everywhere,
    DB_DSN: postgresServer.dsn,
    PFCON_URL: pfcon.url,
    PFCON_USER: pfcon.user,
    PFCON_PASSWORD: pfcon.password,
  };
  const countQueued = () => countAcknowledged(redis, shardKeys(BASE, SHARDS), "status-consumer-group");
  const countStored = async () => Number((await sql`SELECT count(*) FROM job_status_history`)[0]?.count);
  const runs: { consumer: number; worker: number; whole: Run }[] = [];
  for (let round = 0; round < rounds; round++) {
    await redis.flushall();
    await publish(redis, `alone-${round}`);
    let stored = await countStored();
    await using first = await startWorker("status_consumer", everywhere);
    const consumer = await rateOf(countQueued, 0);
    await using second = await startWorker("task_worker", work);
    const worker = await rateOf(countStored, stored);
    // Both are there and warm: now all at once.
    stored = await countStored();
    const pids = {
      status_consumer: first.pid,
      task_worker: second.pid,
      redis: redisServer.pid,
      postgres: postgresServer.pid,
    };
    const before = costs(pids);
    await publish(redis, `whole-${round}`);
    const rate = await rateOf(countStored, stored);
    const after = costs(pids);
    const cpu = Object.fromEntries(
      Object.keys(pids).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]),
    );
    runs.push({ consumer, worker, whole: { rate, cpu } });
    progress(`status events, round ${round + 1} of ${rounds}: ${Math.round(rate)} events/s`);
  }
  return figures(runs);
}

function figures(runs: readonly { consumer: number; worker: number; whole: Run }[]): Figure[] {
  const how = "measured";
  const rate = (name: string, rounds: number[]): Figure => ({
    name,
    unit: "events/s",
    ours: median(rounds),
    rounds,
    how,
  });
  const share = (name: string): Figure => {
    const rounds = runs.map(({ whole: { cpu } }) => {
      return 100 * (cpu[name] ?? 0) / Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0);
    });
    return { name: `  share of processor time: ${name}`, unit: "%", ours: median(rounds), rounds, how };
  };
  return [
    rate("status events → Postgres", runs.map(({ whole }) => whole.rate)),
    rate("  stream → queue alone (status_consumer)", runs.map(({ consumer }) => consumer)),
    rate("  queue → Postgres alone (task_worker)", runs.map(({ worker }) => worker)),
    ...Object.keys(runs[0]?.whole.cpu ?? {}).map(share),
  ];
}

/** Events per second, counted from the first that arrives. @throws {Error} after two minutes. */
async function rateOf(count: () => Promise<number>, before: number): Promise<number> {
  const deadline = performance.now() + 120_000;
  for (let first: { at: number; done: number } | null = null;;) {
    const done = await count() - before;
    const at = performance.now();
    if (done > 0) first ??= { at, done };
    if (done >= EVENTS && first) return (EVENTS - first.done) / ((at - first.at) / 1_000);
    if (at > deadline) {
      throw new Error(`Cannot measure: ${done} of ${EVENTS} events arrived within two minutes`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function costs(pids: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSecondsOfTree(pid)]));
}

async function publish(redis: Redis, name: string): Promise<void> {
  const begin = Date.now();
  const pipeline = redis.pipeline();
  for (const [index, status] of STATUSES.entries()) {
    for (let job = 0; job < JOBS; job++) {
      const fact = {
        job_id: `${name}-${job}`,
        job_type: "plugin" as const,
        status,
        timestamp: wireTimestampOf(begin + index * 1_000),
      };
      const event = StatusEvent.parse({
        ...fact,
        event_id: statusEventId(fact),
        image: "example/tool:1",
        cmd: "tool",
        exit_code: index === 2 ? 0 : null,
        source: "docker",
        container_id: String(job).padStart(64, "0"),
      });
      pipeline.xadd(shardKey(BASE, shardOf(event.job_id, SHARDS)), "*", "data", encodeStatusEvent(event));
    }
  }
  await pipeline.exec();
}
