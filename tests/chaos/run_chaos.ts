/**
 * One run: load and faults side by side, then peace, then what was seen.
 *
 * @module
 */
import { planFaults } from "./fault_plan.ts";
import { runLoad } from "./load.ts";
import type { Observations } from "./observations.ts";
import { StolenTime } from "./observe/stolen_time.ts";
import { Observers, OVER_WITHIN_MS } from "./observe.ts";
import type { ChaosOptions } from "./options.ts";
import { type Planted, Plants } from "./plant.ts";
import type { Progress } from "./progress.ts";
import type { Random } from "./random.ts";
import { type InjectedFault, runFaults } from "./run_faults.ts";
import type { JobTruth } from "./truth.ts";
import type { AttackableWorld } from "./world/attackable_world.ts";

/** What a run leaves behind. */
export interface ChaosRun {
  readonly truths: readonly JobTruth[];
  readonly observations: Observations;
  readonly faults: readonly InjectedFault[];
  /** What was broken on purpose, and where it must be found. */
  readonly planted: readonly Planted[];
}

/** What a run needs beside the world. */
export interface RunOptions extends Pick<ChaosOptions, "minutes" | "jobsPerMinute" | "faults" | "plants"> {
  readonly random: Random;
  readonly progress: Progress;
  /** Ends the run early, with its reason as the error. */
  readonly signal: AbortSignal;
}

/** Faults end so much before the load does (ms), at most a fifth of it. */
const QUIET_END_MS = 15_000;

/** Does one run in a world that is ready. @throws {Error} if a fault or a job cannot be given at all. */
export async function runChaos(world: AttackableWorld, options: RunOptions): Promise<ChaosRun> {
  const { progress, signal, random } = options;
  await using observers = new Observers(world, random.fork("observers"));
  using patience = new Patience(signal);
  const { jobs, faults } = await attack(world, observers, { ...options, patience: patience.signal });
  signal.throwIfAborted();
  progress.say("world", `${jobs.length} jobs were ordered, ${faults.length} faults injected; healing`);
  await world.heal(signal);
  progress.say("world", "all workers are ready; waiting for the workflows to end");
  const stolen = new StolenTime();
  patience.endAfter(OVER_WITHIN_MS);
  const truths = await Promise.all(
    jobs.map(async ({ truth, asked }) => asked ? { ...truth, asked: await asked } : truth),
  );
  signal.throwIfAborted();
  // Only now: what is planted must be found, and a fault that keeps it from working would be in the way.
  await using plants = new Plants(options.plants, { world, observers, signal });
  const planted = await plants.begin();
  for (const { jobId, recipe } of planted) progress.say("load", `${jobId} (${recipe})`);
  const all = [...truths, ...planted];
  const jobIds = all.map(({ jobId }) => jobId);
  await observers.untilOver(jobIds, stolen, signal);
  signal.throwIfAborted();
  await plants.end();
  progress.say("check", "reading what is left to read");
  const observations = plants.edited(await observers.finish(jobIds, signal));
  signal.throwIfAborted();
  return { truths: all, observations, faults, planted: plants.planted };
}

/** Load and faults at the same time; when one fails, the other ends. */
async function attack(
  world: AttackableWorld,
  observers: Observers,
  options: RunOptions & { readonly patience: AbortSignal },
) {
  const { minutes, jobsPerMinute, random, progress, patience } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const ms = minutes * 60_000;
  const plan = planFaults(options.faults, ms - Math.min(QUIET_END_MS, ms / 5), random.fork("plan"));
  const onJob = (jobId: string) => {
    progress.say("load", jobId);
    observers.follow(jobId);
  };
  const onRetried = (jobId: string) => {
    progress.say("load", `${jobId} again`);
    observers.followAgain(jobId);
  };
  const work = [
    runLoad(world, random.fork("load"), { minutes, jobsPerMinute, onJob, onRetried }, { signal, patience }),
    runFaults(world, {
      plan,
      random: random.fork("faults"),
      signal,
      say: ({ name, detail }) => progress.say("fault", `${name}: ${detail}`),
    }),
  ] as const;
  for (const part of work) part.catch((error) => failed.abort(error));
  const [jobs, faults] = await Promise.allSettled(work);
  if (jobs.status === "rejected") throw jobs.reason;
  if (faults.status === "rejected") throw faults.reason;
  return { jobs: jobs.value, faults: faults.value };
}

/** How long users wait for their jobs: until the run ends, or for some time after the faults. */
class Patience implements Disposable {
  readonly signal: AbortSignal;
  readonly #end = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: AbortSignal) {
    this.signal = AbortSignal.any([run, this.#end.signal]);
  }

  endAfter(ms: number): void {
    this.#timer = setTimeout(() => this.#end.abort(), ms);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#end.abort();
  }
}
