/**
 * Task workers as processes of their own, with a pretended runtime: containers that pfcon makes run, end as the
 * test wishes, are told of as the status consumer would tell, and have their logs stored.
 *
 * @module
 */
import type { JobType, StatusEvent } from "lib/event/status.ts";
import { containerFlushedKey } from "lib/log_store/flushed_keys.ts";
import { sleep } from "lib/run/sleep.ts";
import { shardOf } from "lib/stream/keys.ts";
import { TaskQueue } from "lib/task/queue.ts";
import { StatusQueues } from "lib/task/status_queues.ts";
import { processJobStatusId, RUN_STEP_QUEUE, type RunStep, runStepId } from "lib/task/tasks.ts";
import { accept, type Bench, eventually, lifeOf, stored } from "./bench.ts";

const NUM_SHARDS = 2;

/** How a container ends. */
export type End = "finishedSuccessfully" | "finishedWithError" | "undefined";

/** The world around the workers. */
export interface System extends AsyncDisposable {
  /** Containers made so far, as `{step} {job id}`. */
  readonly made: string[];
  /** Resolves when no workflow runs any more and everything is told. @throws {Error} if a worker ends by itself. */
  allOver(): Promise<void>;
  /** Accepts a job and gives its first order. */
  submit(jobId: string): Promise<void>;
  /** Starts a worker, or starts it again. */
  start(): Worker;
}

/** A task worker's process. */
export interface Worker {
  kill(): Promise<void>;
  /** Stops it; its exit code. */
  stop(): Promise<number>;
}

/** Starts the world; `endOf` says how a step's container ends. */
export function openSystem(bench: Bench, endOf: (jobId: string, step: JobType) => End): System {
  const { redis, pfcon, sql } = bench;
  const stack = new AsyncDisposableStack();
  const statusQueues = stack.use(new StatusQueues(redis, NUM_SHARDS));
  const runStepQueue = stack.use(new TaskQueue<RunStep>(redis, RUN_STEP_QUEUE));
  const server = stack.use(pfcon.serve());
  const made: string[] = [];
  const faults: string[] = [];
  const work = new Set<Promise<void>>();
  stack.defer(async () => void await Promise.all(work));

  async function tell(events: readonly StatusEvent[]): Promise<void> {
    for (const event of events) {
      const { entryId: entry_id } = stored(event);
      const task = { id: processJobStatusId(event.event_id), payload: { event, entry_id } };
      await statusQueues.put(shardOf(event.job_id, NUM_SHARDS), [task]);
    }
  }

  async function live(step: JobType, jobId: string): Promise<void> {
    const end = endOf(jobId, step);
    const container = made.length;
    const events = lifeOf(jobId, step, end, { at: container * 10, container });
    await tell(events.slice(0, 2));
    await sleep(20);
    if (end !== "undefined") pfcon.setState(step, jobId, end);
    // A consumer that died before it acknowledged tells everything once more.
    await tell([...events, ...events]);
    await redis.set(containerFlushedKey(`${container}`.padStart(64, "0")), "1");
  }

  pfcon.onMade = (step, jobId) => {
    made.push(`${step} ${jobId}`);
    const living = live(step, jobId).finally(() => work.delete(living));
    work.add(living);
  };
  return {
    made,
    allOver: async () => {
      await eventually(async () => {
        if (faults.length > 0) throw new Error(faults.join("; "));
        const [row] = await sql`
          SELECT (SELECT count(*) FROM job_workflow WHERE status = 'running')::int
            + (SELECT count(*) FROM job_outbox WHERE published_at IS NULL)::int AS open`;
        return row?.open === 0;
      });
    },
    submit: async (jobId) => {
      await accept(sql, jobId);
      await runStepQueue.put([{ id: runStepId(jobId, "copy"), payload: { job_id: jobId, step: "copy" } }]);
    },
    start: () => stack.use(startWorker(bench, server.url, faults)),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

function startWorker(bench: Bench, pfconUrl: string, faults: string[]): Worker & AsyncDisposable {
  const level = Deno.env.get("TEST_LOG_LEVEL");
  const main = new URL("../../../workers/task_worker/main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main],
    env: {
      DB_DSN: bench.postgresServer.dsn,
      REDIS_URL: bench.redisServer.url,
      PFCON_URL: pfconUrl,
      PFCON_USER: bench.pfcon.strict.user,
      PFCON_PASSWORD: bench.pfcon.strict.password,
      STREAM_NUM_SHARDS: String(NUM_SHARDS),
      SWEEP_INTERVAL_SECONDS: "0.5",
      SILENT_STEP_SECONDS: "3",
      LOG_LEVEL: level ?? "error",
    },
    stdin: "null",
    stdout: level ? "inherit" : "null",
    stderr: "inherit",
  }).spawn();
  let state: "running" | "told to end" | "ended" = "running";
  const status = child.status.then((status) => {
    if (state === "running") faults.push(`a worker ended by itself with ${status.code}`);
    state = "ended";
    return status;
  });
  const end = async (signal: Deno.Signal) => {
    if (state !== "ended") {
      state = "told to end";
      child.kill(signal);
    }
    return (await status).code;
  };
  return {
    kill: async () => void await end("SIGKILL"),
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}
