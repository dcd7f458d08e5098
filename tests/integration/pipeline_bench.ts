/**
 * All workers, each started by the launcher with the permissions it gives, between real containers, a Postgres and
 * a Redis that the test brings; and what became of the containers' lines and states: for tests.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { StrictPfcon } from "lib/testing/strict_pfcon.ts";
import { WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { openPostgres, type Sql } from "lib/store/open.ts";
import { shardKey, shardOf } from "lib/stream/keys.ts";
import { tempPostgres } from "lib/testing/servers.ts";
import { TEST_LABEL, TestContainers } from "lib/testing/test_containers.ts";
import { until } from "lib/testing/until.ts";
import { BackgroundProcess } from "../../deploy/dev/services/background_process.ts";
import { freePort } from "../../deploy/dev/services/free_port.ts";

/** A container that prints 1…count, each on a line, and exits with 0. */
export interface Counter {
  readonly id: string;
  readonly jobId: string;
  readonly count: number;
}

/** See the module's description. */
export interface Pipeline extends AsyncDisposable {
  readonly containers: TestContainers;
  readonly sql: Sql;
  /** Starts a counter; `pause` is in seconds, and 0 prints as fast as it can. */
  count(name: string, count: number, pause: number): Promise<Counter>;
  /** How many of its lines are in the log store. */
  stored(counter: Counter): Promise<number>;
  /** What is missing or wrong in stores and streams, of these counters alone; empty when all is told. */
  faults(redis: Redis, counters: readonly Counter[]): Promise<string[]>;
  /** Waits until there are no faults. */
  complete(redis: Redis, counters: readonly Counter[], ms?: number): Promise<void>;
  /** Resolves when all workers are ready. */
  ready(): Promise<void>;
  /** Everything a worker logged so far. */
  output(worker: WorkerName): Promise<string>;
  /** Stops all workers with SIGTERM; fails unless each exits with 0 and had been started once. */
  stop(): Promise<void>;
}

const ROOT = decodeURIComponent(new URL("../..", import.meta.url).pathname);
const START = ["run", "--no-prompt", "--quiet", "--allow-env", "--allow-run=deno", "--allow-read=."];
/** How many shards its streams have. */
export const SHARDS = 2;

/** Opens it and starts all workers. */
export async function openPipeline(settings: Record<string, string>): Promise<Pipeline> {
  const stack = new AsyncDisposableStack();
  try {
    const [containers, postgres] = await Promise.all([TestContainers.open(), tempPostgres()]);
    stack.use(containers);
    stack.use(postgres);
    const pfcon = stack.use(new StrictPfcon());
    const sql = stack.use(openPostgres(postgres.dsn));
    const dir = await Deno.makeTempDir({ prefix: "chris-pipeline-" });
    stack.defer(() => Deno.remove(dir, { recursive: true }));
    const env = {
      DB_DSN: postgres.dsn,
      LOG_STORE: "postgres",
      PFCON_URL: pfcon.url,
      PFCON_USER: pfcon.user,
      PFCON_PASSWORD: pfcon.password,
      DOCKER_HOST: containers.host,
      DOCKER_LABEL_FILTER: TEST_LABEL,
      DOCKER_LABEL_VALUE: containers.label,
      DOCKER_RECONCILE_SECONDS: "2",
      LOG_RELIST_SECONDS: "2",
      BATCH_MAX_WAIT_SECONDS: "0.2",
      STREAM_NUM_SHARDS: String(SHARDS),
      SHUTDOWN_GRACE_SECONDS: "20",
      TASK_BROKER_URL: "",
      CELERY_BROKER_URL: "",
      ...settings,
    };
    const workers = WORKER_NAMES.map((name) => startWorker(name, dir, env));
    for (const { process } of workers) stack.defer(async () => void await process.stop(25_000));
    const faults = async (redis: Redis, counters: readonly Counter[]) => {
      const found = await Promise.all(counters.map((counter) => faultsOf(sql, redis, counter)));
      const [open] = await sql`SELECT count(*)::int AS rows FROM job_outbox WHERE published_at IS NULL`;
      return [...found.flat(), ...(open?.rows ? [`${open.rows} events have not gone out`] : [])];
    };
    return {
      containers,
      sql,
      count: async (name, count, pause) => {
        const loop = `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo $i; sleep ${pause}; done`;
        const { id } = await containers.start(name, pause > 0 ? loop : `seq 1 ${count}`);
        return { id, jobId: containers.nameOf(name), count };
      },
      stored: async ({ id }) => (await storedLines(sql, id)).length,
      faults,
      complete: async (redis, counters, ms = 120_000) => {
        let last: string[] = [];
        const isComplete = async () => (last = await faults(redis, counters)).length === 0;
        await until("complete", isComplete, ms).catch((error) => {
          throw new Error(`${error.message}\n${last.join("\n")}`);
        });
      },
      ready: async () => void await Promise.all(workers.map(({ ready }) => ready())),
      output: async (name) => await workers.find((worker) => worker.name === name)?.output() ?? "",
      stop: async () => void await Promise.all(workers.map(assertStops)),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface StartedWorker {
  readonly name: WorkerName;
  readonly process: BackgroundProcess;
  ready(): Promise<void>;
  output(): Promise<string>;
}

function startWorker(name: WorkerName, dir: string, env: Record<string, string>): StartedWorker {
  const [port, health] = [freePort(), freePort()];
  const process = new BackgroundProcess({
    name,
    command: Deno.execPath(),
    args: [...START, "workers/start.ts", name],
    cwd: ROOT,
    env: { ...env, PORT: String(port), HEALTH_PORT: String(health) },
    logFile: `${dir}/${name}`,
  });
  const ready = () =>
    process.ready(async () => {
      const response = await fetch(`http://127.0.0.1:${health}/ready`);
      const text = await response.text();
      if (!response.ok) throw new Error(text);
    }, 60_000);
  return { name, process, ready, output: () => Deno.readTextFile(`${dir}/${name}`) };
}

async function assertStops({ name, process, output }: StartedWorker): Promise<void> {
  const { code } = await process.stop(25_000);
  const text = await output();
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${text.slice(-3_000)}`);
  const starts = text.match(/"msg":"started"/g)?.length;
  if (starts !== 1) throw new Error(`${name} was started ${starts} times`);
}

async function storedLines(sql: Sql, containerId: string) {
  return await sql`SELECT line, eos FROM job_logs WHERE container_id = ${containerId} AND NOT eos
    ORDER BY entry_ms, entry_seq`;
}

const STATES = ["notStarted", "started", "finishedSuccessfully"];

async function faultsOf(sql: Sql, redis: Redis, { id, jobId, count }: Counter): Promise<string[]> {
  const faults: string[] = [];
  const compare = (what: string, found: readonly string[], wanted: readonly string[]) => {
    const wrong = Array.from({ length: Math.max(found.length, wanted.length) }, (_, i) => i)
      .find((i) => found[i] !== wanted[i]);
    if (wrong === undefined) return;
    const place = `from ${wrong + 1}: ${found.slice(wrong, wrong + 3)}, not ${
      wanted.slice(wrong, wrong + 3)
    }`;
    faults.push(`${jobId}: ${what} has ${found.length} of ${wanted.length}, ${place}`);
  };
  const lines = Array.from({ length: count }, (_, i) => `${i + 1}`);
  compare("log store", (await storedLines(sql, id)).map((row) => row.line), lines);
  const told = await eventsOf(redis, "stream:job-logs", { id, jobId });
  compare("log stream", told.map((event) => event.eos ? "end" : String(event.line)), [...lines, "end"]);
  const history = await sql`SELECT event->>'status' AS status FROM job_status_history WHERE job_id = ${jobId}
    ORDER BY entry_ms, entry_seq`;
  compare("status history", history.map((row) => row.status), STATES);
  const statuses = (await eventsOf(redis, "stream:job-status", { id, jobId })).map((event) =>
    `${event.status}`
  );
  compare("status stream", statuses.filter((status) => !status.startsWith("confirmed_")), STATES);
  compare("confirmations", statuses.filter((status) => status.startsWith("confirmed_")), [
    "confirmed_finishedSuccessfully",
  ]);
  return faults;
}

/** Events of a container in a stream, oldest first. */
async function eventsOf(
  redis: Redis,
  base: string,
  { id, jobId }: { id: string; jobId: string },
): Promise<Record<string, unknown>[]> {
  const entries = await redis.xrange(shardKey(base, shardOf(jobId, SHARDS)), "-", "+");
  return entries.map(([, fields]) => JSON.parse(fields[1] ?? "{}")).filter((event) =>
    event.container_id === id
  );
}
