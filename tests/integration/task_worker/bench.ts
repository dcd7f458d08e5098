/**
 * What the task worker's parts stand on, for tests: a Postgres and a Redis of their own, a pfcon, jobs and the
 * events of their containers.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { statusEventId } from "lib/event/event_id.ts";
import type { JobStatus, JobType, StatusEvent } from "lib/event/status.ts";
import { JobParams } from "lib/job/job_params.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres, type PostgresPool, type Sql } from "lib/store/open.ts";
import type { StoredStatus } from "lib/store/status_history.ts";
import { findWorkflow, type WorkflowRecord } from "lib/store/workflows.ts";
import { openRedis } from "lib/stream/open_redis.ts";
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { submit } from "../../../workers/sse_service/jobs/submit.ts";
import { type Order } from "../../../workers/task_worker/apply_fact.ts";
import { recordStatus } from "../../../workers/task_worker/record_status.ts";
import type { StopSettings } from "../../../workers/task_worker/stop_step.ts";
import { PfconBench } from "./pfcon_bench.ts";

/** "Now" of everything that is told the time (ms since 1970), so that runs can be compared. */
export const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

/** How steps of cancelled workflows are stopped, where a test does not say otherwise. */
export const STOP: StopSettings = {
  logStreamOf: () => "stream:job-logs:0",
  forceAfterMs: null,
  catchUpMs: 100,
  untoldMs: 60_000,
  hasMore: () => Promise.resolve(false),
};

/** Everything a test needs. */
export interface Bench extends AsyncDisposable {
  readonly sql: PostgresPool;
  readonly redis: Redis;
  readonly pfcon: PfconBench;
  readonly postgresServer: Awaited<ReturnType<typeof tempPostgres>>;
  readonly redisServer: Awaited<ReturnType<typeof tempRedis>>;
}

/** Starts it. */
export async function openBench(): Promise<Bench> {
  const stack = new AsyncDisposableStack();
  const [redisServer, postgresServer] = await Promise.all([tempRedis(), tempPostgres()]);
  stack.use(redisServer);
  stack.use(postgresServer);
  const redis = stack.use(openRedis(redisServer.url, { name: "test", log }));
  const sql = stack.use(openPostgres(postgresServer.dsn));
  const pfcon = stack.use(new PfconBench());
  await migrate(sql);
  return {
    sql,
    redis,
    pfcon,
    postgresServer,
    redisServer,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A bench for the tests of a file: opened before the first, closed after the last, and forgetful between them. */
export function benchOfFile(beforeEach: (bench: Bench) => Promise<void> = forgetAll): Bench {
  let bench: Bench | null = null;
  const current = () => {
    if (bench === null) throw new Error("Cannot use the bench before the first test begins");
    return bench;
  };
  Deno.test.beforeAll(async () => {
    bench = await openBench();
  });
  Deno.test.beforeEach(() => beforeEach(current()));
  Deno.test.afterAll(async () => await current()[Symbol.asyncDispose]());
  return {
    get sql() {
      return current().sql;
    },
    get redis() {
      return current().redis;
    },
    get pfcon() {
      return current().pfcon;
    },
    get postgresServer() {
      return current().postgresServer;
    },
    get redisServer() {
      return current().redisServer;
    },
    [Symbol.asyncDispose]: () => current()[Symbol.asyncDispose](),
  };
}

/** Forgets all jobs, in Postgres, Redis and pfcon. */
export async function forgetAll({ sql, redis, pfcon }: Bench): Promise<void> {
  await sql`TRUNCATE job_status, job_workflow, job_workflow_events, job_status_history, job_outbox, job_step,
    job_past_step, job_control, status_progress`;
  await redis.flushall();
  await pfcon.forgetAll();
}

/** Takes from whoever works on containers its connection to Postgres, and its turn with it; resolves when both are gone. */
export async function loseTurns(sql: Sql): Promise<void> {
  await sql`
    SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
    WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`;
}

/** Accepts a job as the API does. */
export async function accept(sql: Sql, jobId: string): Promise<void> {
  const params = JobParams.parse({ image: "example/tool:1", entrypoint: ["tool"], output_dir: "home/out" });
  await submit(sql, jobId, { params, now: NOW });
}

/** The workflow of a job, which must be there. */
export async function workflowOf(sql: Sql, jobId: string): Promise<WorkflowRecord> {
  const workflow = await findWorkflow(sql, jobId);
  if (!workflow) throw new Error(`Cannot find the workflow of job "${jobId}"`);
  return workflow;
}

/** What a test says of a container's state. */
export interface StateOfContainer {
  readonly jobId: string;
  readonly step: JobType;
  readonly status: JobStatus;
  /** Seconds after {@linkcode NOW}. */
  readonly at: number;
  /** The step's first, second … container. @default 1 */
  readonly container?: number;
  readonly more?: Partial<StatusEvent>;
}

/** The event of a container's state. */
export function eventOf({ jobId, step, status, at, container = 1, more }: StateOfContainer): StatusEvent {
  const timestamp = new Date(NOW + at * 1_000).toISOString().replace("Z", "000+00:00");
  const fact = { job_id: jobId, job_type: step, status, timestamp };
  return {
    event_id: statusEventId(fact),
    ...fact,
    previous_status: status === "notStarted" ? null : status === "started" ? "notStarted" : "started",
    image: "example/tool:1",
    cmd: "tool",
    message: status,
    exit_code: status === "finishedSuccessfully" ? 0 : status === "finishedWithError" ? 3 : null,
    source: "docker",
    container_id: `${container}`.padStart(64, "0"),
    reason: status === "finishedWithError" ? { code: "exit", text: "exited with code 3" } : null,
    ...more,
  };
}

/** Events of a container's whole life. */
export function lifeOf(
  jobId: string,
  step: JobType,
  end: "finishedSuccessfully" | "finishedWithError" | "undefined" = "finishedSuccessfully",
  { at = 0, container = 1 } = {},
): StatusEvent[] {
  return (["notStarted", "started", end] as const)
    .map((status, index) => eventOf({ jobId, step, status, at: at + index, container }));
}

let entries = 0;

/** An event with the next entry id of its stream. */
export function stored(event: StatusEvent): StoredStatus {
  return { event, entryId: `1768478400000-${++entries}` };
}

/** Records events in order; returns the orders that followed. */
export async function record(sql: Sql, ...events: StatusEvent[]): Promise<Order[]> {
  const orders: Order[] = [];
  for (const event of events) {
    const order = await recordStatus(sql, stored(event), { shard: 0, now: NOW });
    if (order) orders.push(order);
  }
  return orders;
}

/** Entries of a stream, oldest first. */
export async function entriesOf(
  redis: Redis,
  stream: string,
): Promise<{ id: string; event: Record<string, unknown> }[]> {
  const entries = await redis.xrange(stream, "-", "+");
  return entries.map(([id, fields]) => ({ id, event: JSON.parse(fields[1] ?? "") }));
}

/** All orders of a list. */
export function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((item, index) => permutations(list.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

/** The current status of a job's one step, with its container's number; undefined if none is known. */
export async function currentStatus(sql: Sql, jobId: string): Promise<string | undefined> {
  const [row] = await sql`SELECT status, container_id FROM job_status WHERE job_id = ${jobId}`;
  return row && `${row.status} of container ${Number(row.container_id)}`;
}

/** Waits until `look` gives something; the test's own time limit ends it. */
export async function eventually<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
