import { openLogStore } from "lib/log_store/open_log_store.ts";
import { runMain } from "lib/run/run_main.ts";
import { untilAvailable } from "lib/run/until_available.ts";
import { runAll } from "lib/run/worker.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres, withOutage } from "lib/store/open.ts";
import { duplicateRedis, openRedis, requireSafeRedis } from "lib/stream/open_redis.ts";
import { brokerUrl } from "lib/task/broker_settings.ts";
import { stepTask } from "lib/task/order.ts";
import { TaskQueue } from "lib/task/queue.ts";
import { RUN_STEP_QUEUE, type RunStep, runStepId } from "lib/task/tasks.ts";
import { createApp } from "./app.ts";
import { authContextOf } from "./auth/auth_context.ts";
import { assetsOf } from "./http/assets.ts";
import { Config, configFaults, isLoopback } from "./config.ts";
import { Hub } from "./events/hub.ts";
import { addServiceMetrics } from "./operations/add_service_metrics.ts";
import { cachedLook } from "./operations/cached_look.ts";
import { SseMetrics } from "./operations/sse_metrics.ts";
import { measure } from "./operations/measure.ts";
import { serveUntil } from "./http/serve_until.ts";
import { splitWords } from "./jobs/split_words.ts";

await runMain("sse_service", Config, async ({ config, log, signal, health, metrics }) => {
  await using redis = openRedis(config.REDIS_URL, { name: "sse_service", log });
  await using reader = duplicateRedis(redis);
  await using broker = openRedis(brokerUrl(config), { name: "sse_service:tasks", log });
  await using sql = openPostgres(config.DB_DSN, { applicationName: "sse_service", max: 10 });
  await using logStore = openLogStore(config);
  health.add("redis", () => redis.ping());
  health.add("task broker", () => broker.ping());
  health.add("postgres", () => withOutage("ask for an answer", async () => await sql`SELECT 1`));
  health.add("log store", () => logStore.ping());
  let prepared = false;
  health.add(
    "schema",
    () => prepared ? Promise.resolve() : Promise.reject(new Error("tables are not made yet")),
  );

  const hub = new Hub(redis, reader, {
    bases: {
      status: config.STREAM_STATUS_BASE,
      logs: config.STREAM_LOGS_BASE,
      workflow: config.STREAM_WORKFLOW_BASE,
    },
    numShards: config.STREAM_NUM_SHARDS,
    log,
  });
  await using runStepQueue = new TaskQueue<RunStep>(broker, RUN_STEP_QUEUE);
  const measured = {
    numShards: config.STREAM_NUM_SHARDS,
    status: {
      base: config.STREAM_STATUS_BASE,
      group: config.STATUS_CONSUMER_GROUP,
      dlq: config.STREAM_STATUS_DLQ,
    },
    logs: { base: config.STREAM_LOGS_BASE, group: config.LOG_CONSUMER_GROUP, dlq: config.STREAM_LOGS_DLQ },
    workflow: { base: config.STREAM_WORKFLOW_BASE },
  };
  const streams = cachedLook(() => measure(redis, measured), { dependency: "redis" });
  await using _queues = addServiceMetrics(metrics, {
    redis,
    broker,
    sql,
    streams,
    bases: {
      numShards: config.STREAM_NUM_SHARDS,
      status: config.STREAM_STATUS_BASE,
      logs: config.STREAM_LOGS_BASE,
    },
    clients: () => hub.clients,
    maxClients: config.MAX_STREAMS,
  });
  const auth = await authContextOf(config, Date.now);
  if (auth.verifier) health.add("token issuer", () => auth.verifier?.ping() ?? Promise.resolve());
  const app = createApp({
    guard: {
      hosts: isLoopback(config.HOST) ? new Set(["127.0.0.1", "localhost", "[::1]"]) : null,
      maxBodyBytes: config.MAX_BODY_BYTES,
      auth,
      full: () => hub.clients >= config.MAX_STREAMS,
    },
    jobs: {
      sql,
      now: Date.now,
      onSubmitted: (jobId) => {
        runStepQueue.put([{ id: runStepId(jobId, "copy"), payload: { job_id: jobId, step: "copy" } }])
          .catch((error) =>
            log.warn({ job_id: jobId, error }, "job accepted; its first task is left to the sweep")
          );
      },
    },
    control: {
      sql,
      now: Date.now,
      give: (order) => {
        if (order.kind === "cleanUp") return; // nobody asks for one here
        runStepQueue.put([stepTask(order)]).catch((error) =>
          log.warn({ job_id: order.jobId, error }, "asked, durably; the first task is left to the sweep")
        );
      },
    },
    confirmations: { sql, stopping: signal, now: Date.now },
    dlq: { redis, settings: config, now: Date.now, log },
    logs: { logStore, now: Date.now },
    events: {
      metrics: new SseMetrics(metrics),
      hub,
      sql,
      log,
      now: Date.now,
      stopping: signal,
      bufferBytes: config.CLIENT_BUFFER_BYTES,
      sources: {
        sql,
        redis,
        logStore,
        logGroup: config.LOG_CONSUMER_GROUP,
        numShards: config.STREAM_NUM_SHARDS,
        streamOf: (kind, jobId) => hub.streamOf(kind, jobId),
      },
    },
    operations: {
      health,
      metrics,
      figures: async () => ({ ...await streams(), clients: hub.clients }),
      sample: {
        image: config.SAMPLE_IMAGE,
        entrypoint: splitWords(config.SAMPLE_ENTRYPOINT),
        args: splitWords(config.SAMPLE_ARGS),
        type: "ds",
        input_dirs: config.SAMPLE_INPUT_DIRS,
        output_dir: "",
      },
    },
    asset: assetsOf(import.meta.resolve("../../web/")),
    log,
  });
  const safety = { allowUnsafe: config.REDIS_ALLOW_UNSAFE, log, signal };
  await requireSafeRedis(redis, safety);
  if (brokerUrl(config) !== config.REDIS_URL) await requireSafeRedis(broker, safety);
  await runAll([
    hub,
    {
      name: "schema",
      run: (signal) => untilAvailable(() => prepare(), { signal, log }).then(() => untilAborted(signal)),
    },
    serveUntil(app.fetch, {
      hostname: config.HOST,
      port: config.PORT,
      patienceMs: config.SHUTDOWN_GRACE_SECONDS * 500,
      log,
    }),
  ], signal);

  async function prepare(): Promise<void> {
    await migrate(sql);
    await logStore.prepare();
    prepared = true;
  }
}, { faults: configFaults });

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
