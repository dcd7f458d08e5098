/**
 * (c) All clients come back at once, as after a restart of the proxy before the service, while other jobs go on.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import { shardKeys } from "lib/stream/keys.ts";
import type { Figure } from "../pipeline/measurement.ts";
import { eventsRequest } from "./contender.ts";
import { atMost, type FanoutBench, type Subjects } from "./fanout_bench.ts";
import { JobLines } from "./job_lines.ts";
import { Readers } from "./readers.ts";
import type { Service } from "./service.ts";

const JOBS = 20;
const LINES = 100;
const [FEW, MANY] = [500, 5_000];
/** All have come back within this time (s). */
const WITHIN_SECONDS = 10;
/** Store queries that one job may cost, however many clients it has. */
const QUERIES_PER_JOB = 20;
/** Jobs without clients, on the same shards, and the pause between two lines of each (ms). */
const OTHERS = 24;
const OTHERS_PAUSE_MS = 20;
const STREAMS = shardKeys("stream:job-logs", 8);
/** Backends tell Postgres at most once a second what they did (ms). */
const STATISTICS_MS = 2_500;

/** What a storm cost. */
interface Storm {
  readonly seconds: number;
  /** Transactions in Postgres: a query each. */
  readonly queries: number;
  /** Commands with which Redis is asked for history. */
  readonly commands: number;
}

/** Has few clients, then many, come back to the same jobs. */
export async function reconnectStorm({ service }: Subjects, { progress }: FanoutBench): Promise<Figure[]> {
  const jobIds = Array.from({ length: JOBS }, (_, n) => `storm-${n}`);
  for (const jobId of jobIds) await submit(service, jobId);
  await service.forget();
  for (const jobId of jobIds) await service.publish(jobId, new JobLines(jobId).take(LINES));
  const requests: string[] = [];
  for (const jobId of jobIds) requests.push(await resuming(service, jobId));
  await using _others = printing(service);
  const few = await storm(service, FEW, requests);
  const many = await storm(service, MANY, requests);
  progress(
    `${FEW} clients came back in ${few.seconds.toFixed(1)} s, ${MANY} in ${many.seconds.toFixed(1)} s`,
  );
  const who = `${MANY.toLocaleString("en")} clients of ${JOBS} jobs come back`;
  const perJob = { name: `store queries per job when ${who}`, unit: "queries", ours: many.queries / JOBS };
  const byFew = `by ${FEW} clients`;
  return [
    atMost({ name: `time in which ${who}`, unit: "s", ours: many.seconds }, WITHIN_SECONDS),
    atMost(perJob, QUERIES_PER_JOB),
    {
      name: "  store queries in all",
      unit: "queries",
      ours: many.queries,
      baseline: { name: byFew, value: few.queries },
      how: "measured",
    },
    {
      name: "  reads of streams in Redis",
      unit: "commands",
      ours: many.commands,
      baseline: { name: byFew, value: few.commands },
      how: "measured",
    },
  ];
}

/** All are connected once, cut, and come back. What else goes on in the same time is taken off. */
async function storm(service: Service, clients: number, requests: readonly string[]): Promise<Storm> {
  const plan = { port: service.port, requests, clients };
  await using connected = await Readers.connect(plan);
  await connected.finish();
  let seconds = NaN, allMs = NaN;
  await using stack = new AsyncDisposableStack();
  const came = await counted(service, async () => {
    const begin = performance.now();
    const readers = stack.use(await Readers.connect(plan));
    seconds = (performance.now() - begin) / 1_000;
    await readers.settled();
    allMs = performance.now() - begin;
  });
  const quiet = await counted(service, () => new Promise((resolve) => setTimeout(resolve, allMs)));
  return {
    seconds,
    queries: Math.max(0, came.queries - quiet.queries),
    commands: Math.max(0, came.commands - quiet.commands),
  };
}

/** Has the other jobs print until it is disposed, and their lines acknowledged as by a log consumer. */
function printing(service: Service): AsyncDisposable {
  const others = Array.from({ length: OTHERS }, (_, n) => new JobLines(`other-${n}`));
  const stop = new AbortController();
  const print = async () => {
    while (!stop.signal.aborted) {
      for (const lines of others) await service.publish(lines.jobId, lines.take(1));
      for (const stream of STREAMS) await service.redis.xgroup("SETID", stream, "log-consumer-group", "$");
      await sleep(OTHERS_PAUSE_MS, stop.signal);
    }
  };
  const printed = print();
  printed.catch(() => {}); // told at the end
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await printed;
    },
  };
}

async function counted(
  service: Service,
  work: () => Promise<void>,
): Promise<{ queries: number; commands: number }> {
  const settle = () => new Promise((resolve) => setTimeout(resolve, STATISTICS_MS));
  await settle();
  const [queries, commands] = await counters(service);
  await work();
  await settle();
  const after = await counters(service);
  return { queries: after[0] - queries, commands: after[1] - commands };
}

async function counters({ sql, redis }: Service): Promise<[queries: number, commands: number]> {
  const [row] = await sql`
    SELECT sum(xact_commit + xact_rollback) AS queries FROM pg_stat_database WHERE datname = current_database()`;
  const calls = (await redis.info("commandstats")).matchAll(
    /^cmdstat_(?:xrange|xinfo\|\w+|xpending|hmget):calls=(\d+)/gm,
  );
  return [Number(row?.queries), calls.reduce((sum, [, count]) => sum + Number(count), 0)];
}

/** The request of a client that has seen everything so far. @throws {Error} if the history never ends. */
async function resuming(service: Service, jobId: string): Promise<string> {
  const path = `/events/${jobId}/all`;
  const response = await fetch(`http://127.0.0.1:${service.port}${path}`, {
    signal: AbortSignal.timeout(20_000),
  });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const caughtUp = text.split("\n\n").slice(0, -1).find((event) => /^event: ?caught-up$/m.test(event));
    const id = caughtUp && /^id: ?(.+)$/m.exec(caughtUp)?.[1];
    if (id) return eventsRequest(path, service.port, id);
  }
  throw new Error(`Cannot measure: ${path} ended with answer ${response.status} before it had caught up`);
}

async function submit(service: Service, jobId: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${service.port}/api/jobs/${jobId}/run`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image: "example/tool:1", entrypoint: ["tool"], type: "ds" }),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`Cannot submit a job: answer ${response.status} ${answer}`);
}
