/**
 * What the consumer tests stand on: a Redis of their own, status events on its streams, and consumers in this
 * process whose handlers tell what they did.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { decodeStatusEvent, encodeStatusEvent } from "lib/event/codec.ts";
import { StatusEvent } from "lib/event/status.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { GroupConsumer } from "lib/stream/group_consumer.ts";
import { shardKey, shardKeys, shardOf } from "lib/stream/keys.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import type { Entry, Handler } from "lib/stream/shard_consumer.ts";
import { tempRedis } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";

/** How many shards there are. */
export const SHARDS = 8;
/** Base of the status streams. */
export const BASE = "stream:job-status";
/** The status consumers' group. */
export const GROUP = "status-consumer-group";
/** Their dead letters. */
export const DLQ = "stream:job-status-dlq";
/** Prefix of their leases' keys. */
export const LEASES = `chris:lease:${GROUP}`;

/** Leases short enough for tests in which some run out; in others, {@linkcode LASTING_LEASES}. */
export const settings = {
  STREAM_NUM_SHARDS: SHARDS,
  LEASE_TTL_MS: 900,
  LEASE_REFRESH_INTERVAL_MS: 150,
  LEASE_ACQUIRE_INTERVAL_MS: 100,
  RECLAIM_MAX_DELIVERIES: 2,
  HANDLER_RETRIES: 1,
};

/** Leases that nobody loses by being slow. */
export const LASTING_LEASES = { LEASE_TTL_MS: 30_000 };

/** One handled entry. */
export interface Handling {
  readonly consumer: string;
  readonly id: string;
  readonly jobId: string;
  /** Number of the event within its job, from 1. */
  readonly n: number;
}

/** See the module's description. */
export interface ConsumerBench extends AsyncDisposable {
  readonly server: Awaited<ReturnType<typeof tempRedis>>;
  readonly redis: Redis;
  /** What handlers have done, in the order in which they did it. */
  readonly handled: Handling[];
  /** Adds the next `count` events of each job, turn by turn. */
  publish(jobIds: readonly string[], count: number): Promise<void>;
  /** Starts a consumer; `before` runs in front of each batch it handles. */
  consume(name: string, options?: ConsumeOptions): TestConsumer;
  /** How many entries of the group are taken and not acknowledged; -1 while a shard has no group. */
  pending(): Promise<number>;
  /** Ids of entries that were published and not handled yet, per job as `job n`. */
  missing(): string[];
}

/** How a test's consumer differs from others. */
export interface ConsumeOptions {
  readonly before?: (entries: readonly Entry<StatusEvent>[]) => Promise<unknown>;
  readonly settings?: Partial<typeof settings>;
  readonly batchSize?: number;
  readonly maxlen?: number;
}

/** A consumer in this process. */
export interface TestConsumer {
  readonly owned: number[];
  readonly redis: Redis;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Ends it as a crash would: its connection is cut, its leases stay until they run out. */
  crash(): Promise<void>;
}

/** Starts it. */
export async function openBench(): Promise<ConsumerBench> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await tempRedis());
  const redis = stack.use(openRedis(server.url, { name: "test", log }));
  const handled: Handling[] = [];
  const published = new Map<string, number>();
  return {
    server,
    redis,
    handled,
    publish: async (jobIds, count) => {
      for (let i = 0; i < count; i++) {
        const batch = redis.pipeline();
        for (const jobId of jobIds) {
          const n = (published.get(jobId) ?? 0) + 1;
          published.set(jobId, n);
          batch.xadd(streamOf(jobId), "*", "data", encodeStatusEvent(eventOf(jobId, n)));
        }
        await batch.exec();
      }
    },
    consume: (name, options) => {
      const consumer = startConsumer(name, server.url, handled, options ?? {});
      stack.defer(() => consumer.stop());
      return consumer;
    },
    pending: () => countPending(redis),
    missing: () => {
      const seen = new Set(handled.map(({ jobId, n }) => `${jobId} ${n}`));
      return [...published].flatMap(([jobId, count]) =>
        Array.from({ length: count }, (_, index) => `${jobId} ${index + 1}`).filter((key) => !seen.has(key))
      );
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function startConsumer(
  name: string,
  url: string,
  handled: Handling[],
  options: ConsumeOptions,
): TestConsumer {
  const redis = openRedis(url, { name, log });
  const handler: Handler<StatusEvent> = async (entries) => {
    await options.before?.(entries);
    for (const { id, event } of entries) {
      handled.push({ consumer: name, id, jobId: event.job_id, n: Number(event.message) });
    }
  };
  const consumer = new GroupConsumer(redis, {
    base: BASE,
    group: GROUP,
    maxlen: options.maxlen ?? 1_000_000,
    settings: { ...settings, ...options.settings },
    handler,
    decode: decodeStatusEvent,
    jobOf: (event) => event.job_id,
    dlq: { stream: DLQ, maxlen: 1_000 },
    batchSize: options.batchSize ?? 10,
    log,
    now: Date.now,
  });
  const stop = new AbortController();
  const done = consumer.run(stop.signal);
  const end = async () => {
    stop.abort();
    await done;
    await redis[Symbol.asyncDispose]();
  };
  return {
    redis,
    get owned() {
      return consumer.owned;
    },
    stop: end,
    crash: async () => {
      await redis[Symbol.asyncDispose]();
      await end();
    },
  };
}

/** The stream that a job's events are on. */
export function streamOf(jobId: string): string {
  return shardKey(BASE, shardOf(jobId, SHARDS));
}

/** The `n`th event of a job. */
export function eventOf(jobId: string, n: number): StatusEvent {
  return StatusEvent.parse({
    event_id: `${jobId}-${n}`,
    job_id: jobId,
    job_type: "plugin",
    status: "started",
    message: String(n),
    timestamp: "2026-01-15T10:00:00+00:00",
    source: "docker",
  });
}

/** Names of `count` jobs, which spread over the shards. */
export function jobNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `job-${index}`);
}

/** Jobs whose events were first handled in another order than that of the stream, as `job: 1 3 2`. */
export function disorder(handled: readonly Handling[]): string[] {
  return [...Map.groupBy(handled, ({ jobId }) => jobId)].flatMap(([jobId, handlings]) => {
    const firsts = [...new Set(handlings.map(({ n }) => n))];
    const inOrder = firsts.every((n, index) => index === 0 || n > (firsts[index - 1] ?? 0));
    return inOrder ? [] : [`${jobId}: ${firsts.join(" ")}`];
  });
}

/** Waits until everything published is handled and acknowledged, then checks the order. */
export async function settle(bench: ConsumerBench): Promise<void> {
  await until("handled in full", () => bench.missing().length === 0);
  await until("acknowledged in full", async () => await bench.pending() === 0);
  assertEquals(disorder(bench.handled), []);
}

async function countPending(redis: Redis): Promise<number> {
  const counts = await Promise.all(
    shardKeys(BASE, SHARDS).map(async (stream) => {
      const [count] = await redis.xpending(stream, GROUP).catch(() => [-1]) as [number];
      return count;
    }),
  );
  return counts.some((count) => count < 0) ? -1 : counts.reduce((sum, count) => sum + count, 0);
}
