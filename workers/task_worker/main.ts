import { PfconClient } from "lib/pfcon/client.ts";
import { runMain } from "lib/run/run_main.ts";
import { untilAvailable } from "lib/run/until_available.ts";
import { runAll } from "lib/run/worker.ts";
import { addBacklogMetrics } from "lib/store/backlog_metrics.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres, withOutage } from "lib/store/open.ts";
import { writeDeadLetter } from "lib/stream/dead_letters/dead_letter.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { openRedis, requireSafeRedis } from "lib/stream/open_redis.ts";
import { brokerUrl } from "lib/task/broker_settings.ts";
import { TaskQueue, taskWorker } from "lib/task/queue.ts";
import { StatusQueues } from "lib/task/status_queues.ts";
import { TaskMetrics } from "lib/task/task_metrics.ts";
import {
  CLEAN_UP_QUEUE,
  CleanUp,
  cleanUpId,
  ProcessJobStatus,
  RUN_STEP_QUEUE,
  RunStep,
  statusQueue,
} from "lib/task/tasks.ts";
import { cleanUp } from "./clean_up.ts";
import { Config, configFaults } from "./config.ts";
import { HeldCleanups } from "./held_cleanups.ts";
import { countedDeadLetters, countedPfcon, RelayMetrics } from "./metrics.ts";
import { MissedStatuses } from "./missed_statuses.ts";
import { Orders } from "./orders.ts";
import { processStatus } from "./process_status.ts";
import { Relay } from "./relay.ts";
import { runStep } from "./run_step.ts";
import { StatusStream } from "./status_stream.ts";
import { Sweep } from "./sweep.ts";

await runMain("task_worker", Config, async ({ config, log, signal, health, metrics }) => {
  await using redis = openRedis(config.REDIS_URL, { name: "task_worker", log });
  await using broker = openRedis(brokerUrl(config), { name: "task_worker:tasks", log });
  await using sql = openPostgres(config.DB_DSN, {
    applicationName: "task_worker",
    // Each order and each cleanup holds one for its job's turn while it uses others.
    max: config.STREAM_NUM_SHARDS + 2 * config.TASK_CONCURRENCY + 4,
  });
  const client = new PfconClient({
    url: config.PFCON_URL,
    user: config.PFCON_USER,
    password: config.PFCON_PASSWORD,
    timeoutMs: config.PFCON_TIMEOUT_SECONDS * 1_000,
    scheduleTimeoutMs: config.PFCON_SCHEDULE_TIMEOUT_SECONDS * 1_000,
  });
  const pfcon = countedPfcon(client, metrics);
  const taskMetrics = new TaskMetrics(metrics);
  addBacklogMetrics(metrics, sql);
  health.add("redis", () => redis.ping());
  health.add("task broker", () => broker.ping());
  health.add("postgres", () => withOutage("ask for an answer", async () => await sql`SELECT 1`));
  health.add("pfcon", () => client.ping());
  const safety = { allowUnsafe: config.REDIS_ALLOW_UNSAFE, log, signal };
  await requireSafeRedis(redis, safety);
  if (brokerUrl(config) !== config.REDIS_URL) await requireSafeRedis(broker, safety);
  await untilAvailable(() => migrate(sql), { signal, log });

  await using statusQueues = new StatusQueues(broker, config.STREAM_NUM_SHARDS);
  await using runStepQueue = new TaskQueue<RunStep>(broker, RUN_STEP_QUEUE);
  await using cleanUpQueue = new TaskQueue<CleanUp>(broker, CLEAN_UP_QUEUE);
  const orders = new Orders({ runStep: runStepQueue, cleanUp: cleanUpQueue });
  const now = Date.now;
  const relay = new Relay(sql, redis, {
    numShards: config.STREAM_NUM_SHARDS,
    status: { base: config.STREAM_STATUS_BASE, maxlen: config.STREAM_STATUS_MAXLEN },
    workflow: { base: config.STREAM_WORKFLOW_BASE, maxlen: config.STREAM_WORKFLOW_MAXLEN },
    pollMs: 1_000,
    metrics: new RelayMetrics(metrics, Date.now),
    log,
  });
  const stream = new StatusStream(redis, {
    base: config.STREAM_STATUS_BASE,
    numShards: config.STREAM_NUM_SHARDS,
  });
  const sweepMs = config.SWEEP_INTERVAL_SECONDS * 1_000;
  const missed = new MissedStatuses({ sql, stream, queues: statusQueues, everyMs: sweepMs, log });
  const deadLetters = { stream: config.STREAM_STATUS_DLQ, maxlen: config.STREAM_DLQ_MAXLEN };
  const status = {
    sql,
    stream,
    orders,
    log,
    now,
    onRecorded: () => relay.nudge(),
    deadLetter: countedDeadLetters(metrics, (letter) => writeDeadLetter(redis, deadLetters, letter)),
  } satisfies Parameters<typeof processStatus>[0];
  const quiescenceMs = config.CLEANUP_POLICY === "quiescence" ? config.EOS_QUIESCENCE_SECONDS * 1_000 : null;
  const step = {
    sql,
    redis,
    pfcon,
    now,
    startAttempts: config.PFCON_START_ATTEMPTS,
    startGraceMs: 5_000,
    conflictPatienceMs: 600_000,
    stop: {
      logStreamOf: (jobId) => shardKey(config.STREAM_LOGS_BASE, shardOf(jobId, config.STREAM_NUM_SHARDS)),
      forceAfterMs: quiescenceMs,
      catchUpMs: 2_000,
      untoldMs: 10_000,
      hasMore: (jobId) => missed.hasMore(jobId),
    },
  } satisfies Parameters<typeof runStep>[0];
  const held = new HeldCleanups({
    redis,
    hurry: (jobId) => cleanUpQueue.hurry(cleanUpId(jobId)),
    everyMs: 250,
    log,
  });
  await untilAvailable(() => statusQueues.limit(), { signal, log });

  await runAll([
    relay,
    held,
    missed,
    new Sweep({
      sql,
      pfcon,
      orders,
      hasMore: (jobId) => missed.hasMore(jobId),
      log,
      now,
      everyMs: sweepMs,
      silentMs: config.SILENT_STEP_SECONDS * 1_000,
    }),
    ...Array.from({ length: config.STREAM_NUM_SHARDS }, (_, shard) =>
      taskWorker(broker, statusQueue(shard), {
        schema: ProcessJobStatus,
        handler: (task, signal) => processStatus(status, { task, shard }, signal),
        concurrency: 1,
        // As long as a worker that died is not missed, its shard waits. Two at one task would do no harm.
        lockMs: 5_000,
        metrics: taskMetrics,
        log,
      })),
    taskWorker(broker, RUN_STEP_QUEUE, {
      schema: RunStep,
      handler: async ({ job_id, step: name }, signal) => {
        const order = await runStep(step, { jobId: job_id, step: name }, signal);
        relay.nudge();
        await orders.give(order);
      },
      concurrency: config.TASK_CONCURRENCY,
      metrics: taskMetrics,
      log,
    }),
    taskWorker(broker, CLEAN_UP_QUEUE, {
      schema: CleanUp,
      handler: async ({ job_id }, signal) => {
        await cleanUp({ sql, redis, pfcon, held, now, quiescenceMs }, job_id, signal);
        relay.nudge();
      },
      concurrency: config.TASK_CONCURRENCY,
      // A proof is noticed at once, see HeldCleanups; that time has passed is not.
      maxPauseMs: quiescenceMs === null ? 15_000 : 3_000,
      metrics: taskMetrics,
      log,
    }),
  ], signal);
}, { faults: configFaults });
