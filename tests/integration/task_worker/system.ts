/**
 * Task workers and a status consumer as processes of their own, with a pretended runtime: containers that pfcon
 * makes run, end as the test wishes, are told of in the status streams, and have their logs stored.
 *
 * @module
 */
import type { JobType, StatusEvent } from "lib/event/status.ts";
import { encodeStatusEvent } from "lib/event/codec.ts";
import { containerFlushedKey } from "lib/log_store/flushed_keys.ts";
import { sleep } from "lib/run/sleep.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { accept, type Bench, eventually, lifeOf } from "./bench.ts";

const NUM_SHARDS = 2;

/** How a container ends. */
export type End = "finishedSuccessfully" | "finishedWithError" | "undefined";

/** The world around the workers. */
export interface System extends AsyncDisposable {
  /** Containers made so far, as `{step} {job id}`. */
  readonly made: string[];
  /** Resolves when no workflow runs any more and everything is told. @throws {Error} if a worker ends by itself. */
  allOver(): Promise<void>;
  /** Accepts a job, as the API does; its first order is the sweep's. */
  submit(jobId: string): Promise<void>;
  /** Proves all logs stored. */
  proveLogs(): Promise<void>;
  /** Starts a task worker, or starts it again. */
  start(): Worker;
}

/** A worker's process. */
export interface Worker {
  kill(): Promise<void>;
  /** Stops it; its exit code. */
  stop(): Promise<number>;
}

/** What a test wishes of the world. */
export interface SystemOptions {
  /** How a step's container ends. @default finishedSuccessfully */
  readonly endOf?: (jobId: string, step: JobType) => End;
  /** Whether logs are proven stored as soon as their containers end. @default true */
  readonly proveLogs?: boolean;
  /** Redis of the task queue, if it has one of its own. */
  readonly brokerUrl?: string;
}

/** Starts the world, with a status consumer and without a task worker. */
export function openSystem(bench: Bench, options: SystemOptions = {}): System {
  const { redis, pfcon, sql } = bench;
  const { endOf = () => "finishedSuccessfully", proveLogs = true } = options;
  const stack = new AsyncDisposableStack();
  const server = stack.use(pfcon.serve());
  const made: string[] = [];
  const faults: string[] = [];
  const work = new Set<Promise<void>>();
  stack.defer(async () => void await Promise.all(work));

  async function tell(events: readonly StatusEvent[]): Promise<void> {
    for (const event of events) {
      const stream = shardKey("stream:job-status", shardOf(event.job_id, NUM_SHARDS));
      await redis.xadd(stream, "*", "data", encodeStatusEvent(event));
    }
  }

  async function prove(container: number): Promise<void> {
    await redis.set(containerFlushedKey(`${container}`.padStart(64, "0")), "1");
  }

  async function live(step: JobType, jobId: string): Promise<void> {
    const end = endOf(jobId, step);
    const container = made.length;
    const events = lifeOf(jobId, step, end, { at: container * 10, container });
    await tell(events.slice(0, 2));
    await sleep(20);
    if (end !== "undefined") pfcon.setState(step, jobId, end);
    // A forwarder that lost its record tells everything once more.
    await tell([...events, ...events]);
    if (proveLogs) await prove(container);
  }

  pfcon.onMade = (step, jobId) => {
    made.push(`${step} ${jobId}`);
    const living = live(step, jobId).finally(() => work.delete(living));
    work.add(living);
  };
  const start = (name: string) =>
    stack.use(startWorker(name, { bench, pfconUrl: server.url, brokerUrl: options.brokerUrl, faults }));
  start("status_consumer");
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
    submit: (jobId) => accept(sql, jobId),
    proveLogs: async () => {
      for (const container of made.keys()) await prove(container + 1);
    },
    start: () => start("task_worker"),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What a worker's process is given. */
interface Surroundings {
  readonly bench: Bench;
  readonly pfconUrl: string;
  readonly brokerUrl?: string;
  /** Gets a sentence when it ends by itself. */
  readonly faults: string[];
}

function startWorker(name: string, surroundings: Surroundings): Worker & AsyncDisposable {
  const { bench, pfconUrl, brokerUrl, faults } = surroundings;
  const level = Deno.env.get("TEST_LOG_LEVEL");
  const main = new URL(`../../../workers/${name}/main.ts`, import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", main],
    env: {
      DB_DSN: bench.postgresServer.dsn,
      REDIS_URL: bench.redisServer.url,
      ...(brokerUrl ? { TASK_BROKER_URL: brokerUrl } : {}),
      PFCON_URL: pfconUrl,
      PFCON_USER: bench.pfcon.strict.user,
      PFCON_PASSWORD: bench.pfcon.strict.password,
      STREAM_NUM_SHARDS: String(NUM_SHARDS),
      LEASE_ACQUIRE_INTERVAL_MS: "100",
      SWEEP_INTERVAL_SECONDS: "0.5",
      SILENT_STEP_SECONDS: "3",
      LOG_LEVEL: level ?? "info",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const begun = Promise.withResolvers<void>();
  const listening = (async () => {
    let beginning = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (level) console.log(text.trimEnd());
      if (beginning.length < 10_000) beginning += text;
      if (beginning.includes('"msg":"started"')) begun.resolve();
    }
    begun.resolve();
  })();
  let state: "running" | "told to end" | "ended" = "running";
  const status = child.status.then((status) => {
    if (state === "running") faults.push(`a ${name} ended by itself with ${status.code}`);
    state = "ended";
    return status;
  });
  const end = async (signal: Deno.Signal) => {
    if (state !== "ended") {
      state = "told to end";
      child.kill(signal);
    }
    await listening;
    return (await status).code;
  };
  return {
    kill: async () => void await end("SIGKILL"),
    stop: async () => {
      await begun.promise; // before that, nothing in it listens to signals
      return await end("SIGTERM");
    },
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}
