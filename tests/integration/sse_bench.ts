/**
 * The SSE service's application on real servers, with a log consumer and an outbox relay beside it, for tests.
 *
 * @module
 */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { decodeLogEvent, encodeLogEvent, encodeStatusEvent } from "lib/event/codec.ts";
import { logEventId, statusEventId } from "lib/event/event_id.ts";
import type { LogEvent } from "lib/event/log.ts";
import type { StatusEvent } from "lib/event/status.ts";
import { wireTimestampOf } from "lib/event/timestamp.ts";
import { PostgresLogStore } from "lib/log_store/postgres.ts";
import { Health } from "lib/run/health.ts";
import { Metrics } from "lib/run/metrics.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { openPostgres } from "lib/store/open.ts";
import { GroupConsumer } from "lib/stream/group_consumer.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { duplicateRedis, openRedis } from "lib/stream/open_redis.ts";
import type { Order } from "lib/task/order.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { storeLogs } from "../../workers/log_consumer/store_logs.ts";
import { serveHttp } from "../../workers/sse_service/http/serve_http.ts";
import { createApp } from "../../workers/sse_service/app.ts";
import type { GuardContext } from "../../workers/sse_service/http/guard.ts";
import type { EventsContext } from "../../workers/sse_service/events/answer_events.ts";
import { Hub } from "../../workers/sse_service/events/hub.ts";
import { recordStatus } from "../../workers/task_worker/record_status.ts";
import { Relay } from "../../workers/task_worker/relay.ts";

const NUM_SHARDS = 2;
const BASES = { status: "stream:job-status", logs: "stream:job-logs", workflow: "stream:job-workflow" };
const LOG_GROUP = "log-consumer-group";
const DLQ_SETTINGS = {
  STREAM_STATUS_BASE: BASES.status,
  STREAM_STATUS_DLQ: "stream:job-status-dlq",
  STREAM_LOGS_BASE: BASES.logs,
  STREAM_LOGS_DLQ: "stream:job-logs-dlq",
  STREAM_NUM_SHARDS: NUM_SHARDS,
};

/** A running service with everything a test does to it. */
export type SseBench = Awaited<ReturnType<typeof startSseBench>>;

/** Starts it. `beforeStore` runs before each batch of lines is stored, so that a test can hold the store back. */
export async function startSseBench(
  options: {
    guard?: Partial<GuardContext>;
    beforeStore?: () => Promise<void>;
    heartbeatMs?: number;
    mailboxCapacity?: number;
  } = {},
) {
  const stack = new AsyncDisposableStack();
  const [redisServer, postgresServer] = await Promise.all([tempRedis(), tempPostgres()]);
  stack.use(redisServer);
  stack.use(postgresServer);
  const redis = stack.use(openRedis(redisServer.url, { name: "test", log }));
  const reader = stack.use(duplicateRedis(redis));
  const sql = stack.use(openPostgres(postgresServer.dsn));
  const logStore = stack.use(new PostgresLogStore(postgresServer.dsn));
  await logStore.prepare();

  const mailbox = options.mailboxCapacity ? { mailboxCapacity: options.mailboxCapacity } : {};
  const hub = new Hub(redis, reader, { bases: BASES, numShards: NUM_SHARDS, log, ...mailbox });
  const consumer = new GroupConsumer<LogEvent>(redis, {
    base: BASES.logs,
    group: LOG_GROUP,
    settings: {
      STREAM_NUM_SHARDS: NUM_SHARDS,
      LEASE_TTL_MS: 5_000,
      LEASE_REFRESH_INTERVAL_MS: 1_000,
      LEASE_ACQUIRE_INTERVAL_MS: 200,
      RECLAIM_MAX_DELIVERIES: 5,
      HANDLER_RETRIES: 0,
    },
    handler: async (entries) => {
      await options.beforeStore?.();
      return await storeLogs(logStore)(entries);
    },
    decode: decodeLogEvent,
    jobOf: (event) => event.job_id,
    dlq: { stream: "stream:job-logs-dlq", maxlen: 1_000 },
    batchSize: 500,
    log,
    now: Date.now,
  });
  const relay = new Relay(sql, redis, {
    numShards: NUM_SHARDS,
    status: { base: BASES.status, maxlen: 1_000_000 },
    workflow: { base: BASES.workflow, maxlen: 1_000_000 },
    pollMs: 50,
    log,
  });
  const submitted: string[] = [];
  const given: Order[] = [];
  const stopping = new AbortController();
  const events: EventsContext = {
    hub,
    sql,
    log,
    now: Date.now,
    stopping: stopping.signal,
    ...(options.heartbeatMs ? { heartbeatMs: options.heartbeatMs } : {}),
    sources: {
      sql,
      redis,
      logStore,
      logGroup: LOG_GROUP,
      numShards: NUM_SHARDS,
      streamOf: (kind, jobId) => hub.streamOf(kind, jobId),
    },
  };
  const app = createApp({
    guard: {
      hosts: new Set(["127.0.0.1", "localhost"]),
      maxBodyBytes: 100_000,
      auth: { verifier: null, origins: new Set(), cookieSecurity: null, now: Date.now },
      ...options.guard,
    },
    jobs: { sql, now: Date.now, onSubmitted: (jobId) => submitted.push(jobId) },
    control: { sql, now: Date.now, give: (order) => given.push(order) },
    confirmations: { sql, stopping: stopping.signal, now: Date.now },
    dlq: { redis, settings: DLQ_SETTINGS, now: Date.now, log },
    logs: { logStore, now: Date.now },
    events,
    operations: {
      health: new Health(),
      metrics: new Metrics(),
      figures: () => Promise.reject(new Error("not part of this bench")),
      sample: {},
    },
    asset: () => Promise.resolve(null),
    log,
  });
  const stop = new AbortController();
  const running = [hub, consumer, relay].map((worker) => worker.run(stop.signal));
  stack.defer(async () => {
    stop.abort();
    reader.disconnect();
    await Promise.all(running);
  });
  const server = await serveHttp((request) => app.fetch(request), { hostname: "127.0.0.1", port: 0 });
  stack.defer(async () => {
    stopping.abort();
    await server.shutdown();
  });
  const lines = new Map<string, number>();
  return {
    url: `http://127.0.0.1:${server.port}`,
    app,
    redis,
    redisServer,
    sql,
    events,
    /** Where the database is. */
    dsn: postgresServer.dsn,
    redisUrl: redisServer.url,
    hub,
    submitted,
    /** Orders that the service had carried out at once. */
    given,
    /** Ends all streams, as SIGTERM does. */
    stopStreams: () => stopping.abort(),
    /** Writes the job's next `count` lines, `1`, `2`, `3` …, to its log stream. */
    async writeLines(jobId: string, count: number, textOf: (seq: number) => string = String): Promise<void> {
      const stream = shardKey(BASES.logs, shardOf(jobId, NUM_SHARDS));
      const pipeline = redis.pipeline();
      for (let i = 0; i < count; i++) {
        const seq = (lines.get(jobId) ?? 0) + 1;
        lines.set(jobId, seq);
        pipeline.xadd(stream, "*", "data", encodeLogEvent(logLine(jobId, seq, textOf(seq))));
      }
      await pipeline.exec();
    },
    /** Lets the job's next line be number `seq`, as a forwarder does whose Redis lost what came after. */
    tellAgainFrom: (jobId: string, seq: number) => void lines.set(jobId, seq - 1),
    /** Writes a status to its stream and records it, as the status consumer and a task worker do. */
    async tellStatus(event: StatusEvent, { recorded = true } = {}): Promise<void> {
      const shard = shardOf(event.job_id, NUM_SHARDS);
      const id = await redis.xadd(shardKey(BASES.status, shard), "*", "data", encodeStatusEvent(event));
      if (recorded && id) await recordStatus(sql, { event, entryId: id }, { shard, now: Date.now() });
      relay.nudge();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A line as the log forwarder tells it. */
export function logLine(jobId: string, seq: number, line = String(seq)): LogEvent {
  const fact = {
    job_id: jobId,
    job_type: "plugin" as const,
    container_name: jobId,
    stream: "stdout" as const,
    timestamp: wireTimestampOf(1_768_478_400_000 + seq),
    line,
  };
  return { event_id: logEventId(fact), ...fact, eos: false, container_id: "c".repeat(64), seq };
}

/** A status as the event forwarder tells it; `at` in seconds. */
export function statusOf(
  jobId: string,
  job_type: StatusEvent["job_type"],
  status: StatusEvent["status"],
  at: number,
): StatusEvent {
  const timestamp = wireTimestampOf(1_768_478_400_000 + at * 1_000);
  const fact = { job_id: jobId, job_type, status, timestamp };
  return {
    event_id: statusEventId(fact),
    ...fact,
    previous_status: null,
    image: "image",
    cmd: "cmd",
    message: "",
    exit_code: status === "finishedSuccessfully" ? 0 : null,
    source: "docker",
    container_id: "c".repeat(64),
  };
}

/** Reads an SSE stream until it ends, is cut (`signal`), or `enough` says so; every event as it came. */
export async function readEvents(
  url: string,
  options: { lastEventId?: string; signal?: AbortSignal; enough?: (event: EventSourceMessage) => boolean } =
    {},
): Promise<EventSourceMessage[]> {
  const events: EventSourceMessage[] = [];
  // A controller of our own: a signal made of others may be forgotten while something waits for it.
  const done = new AbortController();
  const stop = () => done.abort();
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  const stopped = new Promise<null>((resolve) => done.signal.addEventListener("abort", () => resolve(null)));
  const parser = createParser({
    onEvent: (event) => {
      if (done.signal.aborted) return;
      events.push(event);
      if (options.enough?.(event)) stop();
    },
  });
  const headers: Record<string, string> = options.lastEventId ? { "last-event-id": options.lastEventId } : {};
  try {
    const response = await fetch(url, { headers, signal: done.signal });
    if (response.status !== 200 || !response.body) {
      await response.body?.cancel();
      throw new Error(`Cannot read ${url}: answer ${response.status}`);
    }
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const reading = reader.read();
      reading.catch(() => {}); // it fails when it is stopped
      const read = await Promise.race([reading, stopped]);
      if (read === null || read.done) break;
      parser.feed(decoder.decode(read.value, { stream: true }));
      if (done.signal.aborted) break;
    }
    await reader.cancel().catch(() => {});
  } catch (error) {
    if (!done.signal.aborted) throw error;
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
  return events;
}
