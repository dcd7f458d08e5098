/**
 * (f) Calls made to the container runtime and to pfcon, against a backend that asks pfcon every five seconds about
 * every job.
 *
 * @module
 */
import type { BenchOptions, Figure } from "./measurement.ts";
import { callsAtRest } from "./calls_at_rest.ts";
import { callsOfJobs } from "./calls_of_jobs.ts";

/** How often the polling design asks about a job (s). */
const POLL_SECONDS = 5;
/** The task worker's `SILENT_STEP_SECONDS`: pfcon is asked about a step of which nothing was heard so long. */
const SILENT_STEP_SECONDS = 300;
/** Jobs that really run, without a word, while calls are counted. */
const RESTING = 100;

/** Counts through proxies: real jobs from start to end, then jobs that run and say nothing. */
export async function callsPerJob({ progress }: BenchOptions): Promise<Figure[]> {
  const jobs = await callsOfJobs(progress);
  const perSecond = await callsAtRest(RESTING, progress);
  const polls = jobs.seconds / POLL_SECONDS;
  return [
    {
      name: `calls to pfcon per job of ${jobs.seconds.toFixed(0)} s, four steps`,
      unit: "calls",
      ours: jobs.pfcon,
      baseline: { name: `polling, computed, + ${jobs.orders} orders`, value: polls + jobs.orders },
      how: "measured",
    },
    { name: "calls to the runtime per such job", unit: "calls", ours: jobs.runtime, how: "measured" },
    ...[100, 1_000].flatMap((running): Figure[] => [
      {
        name: `calls to pfcon per 5 s, ${running.toLocaleString("en")} jobs running silently`,
        unit: "calls",
        ours: running * POLL_SECONDS / SILENT_STEP_SECONDS,
        baseline: { name: "polling, computed", value: running },
        ratio: POLL_SECONDS / SILENT_STEP_SECONDS,
        how: "computed",
      },
      {
        name: `calls to the runtime per 5 s, ${running.toLocaleString("en")} jobs running silently`,
        unit: "calls",
        ours: (perSecond.shared + perSecond.perContainer * running) * POLL_SECONDS,
        baseline: { name: "polling, one per job, computed", value: running },
        ratio: (perSecond.shared + perSecond.perContainer * running) * POLL_SECONDS / running,
        how: running === RESTING ? "measured, intervals shortened" : "computed",
      },
    ]),
  ];
}
