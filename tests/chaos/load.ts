/**
 * The load: real containers that print known sequences and exit in known ways.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import type { Random } from "./random.ts";
import { anyJob, type Job } from "./load/recipes.ts";
import { anyWishes, askFor } from "./load/user.ts";
import type { Asked, JobTruth } from "./truth.ts";
import type { World } from "./world.ts";

/** How much of it. */
export interface LoadOptions {
  readonly minutes: number;
  readonly jobsPerMinute: number;
  /** Told of each job before it is ordered. */
  readonly onJob?: (jobId: string) => void;
  /** Told of each job of which another attempt has begun. */
  readonly onRetried?: (jobId: string) => void;
}

/** A job of the load. */
export interface LoadedJob {
  readonly truth: JobTruth;
  /** What users ask of it, when they are done; null if nobody asks for anything. */
  readonly asked: Promise<Asked[]> | null;
}

/** Pause before an order is tried again that was not accepted (ms). */
const AGAIN_MS = 300;
/** Longest time for one try (ms): a service that hangs is asked again. */
const TRY_MS = 5_000;
/** Sooner or later several jobs come at once. */
const CROWD = 0.15;

/**
 * Orders jobs for `minutes`, then waits until all orders are accepted or `signal` aborts; what the jobs do goes on, and
 * what users ask of them, too, until `patience` aborts.
 * The kinds of jobs and the pauses follow from `random`; their ids also from this run's name, as the engine may
 * have other runs' containers.
 */
export async function runLoad(
  world: World,
  random: Random,
  { minutes, jobsPerMinute, onJob, onRetried }: LoadOptions,
  { signal, patience }: { readonly signal: AbortSignal; readonly patience: AbortSignal },
): Promise<LoadedJob[]> {
  const run = crypto.randomUUID().slice(0, 8);
  const deadline = performance.now() + minutes * 60_000;
  const orders: Promise<LoadedJob>[] = [];
  const order = () => {
    const job = anyJob(`chaos-${run}-${orders.length}z`, random.fork(`job ${orders.length}`));
    const wishes = anyWishes(random.fork(`wishes ${orders.length}`));
    onJob?.(job.truth.jobId);
    orders.push(
      orderJob(world, job, signal).then((truth) => {
        if (wishes.length === 0 || truth.acceptedAt === null) return { truth, asked: null };
        const asked = askFor(world, {
          job: truth,
          wishes,
          onRetried: () => onRetried?.(truth.jobId),
        }, patience);
        asked.catch(() => {}); // told when it is waited for
        return { truth, asked };
      }),
    );
  };
  do {
    for (let jobs = random.chance(CROWD) ? random.int(2, 4) : 1; jobs > 0; jobs--) order();
    await sleep(random.int(200, 1_800) * 60 / jobsPerMinute, signal);
  } while (performance.now() < deadline && !signal.aborted);
  return await Promise.all(orders);
}

/** Orders one job: again and again until it is accepted, or `signal` aborts. */
export async function orderJob(world: World, job: Job, signal: AbortSignal): Promise<JobTruth> {
  const body = JSON.stringify({
    image: job.image ?? world.image,
    entrypoint: job.entrypoint,
    args: job.args,
    input_dirs: "chaos/incoming",
  });
  for (let tries = 0; !signal.aborted; tries++) {
    const url = world.urls[tries % world.urls.length] ?? world.url;
    const refusal = await tryOrder(`${url}/api/jobs/${job.truth.jobId}/run`, body);
    if (refusal === null) return { ...job.truth, acceptedAt: Date.now() };
    if (refusal !== "") throw new Error(`Cannot order ${job.truth.jobId}: ${refusal}`);
    await sleep(AGAIN_MS, signal);
  }
  return { ...job.truth, acceptedAt: null };
}

/** Null if it was accepted; empty if the service is away; else why it will never be. */
async function tryOrder(url: string, body: string): Promise<string | null> {
  try {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(TRY_MS) });
    const text = await answer.text();
    if (answer.status === 202) return null;
    return answer.status >= 500 ? "" : `${answer.status} ${text}`;
  } catch {
    return ""; // refused, cut off or late
  }
}
