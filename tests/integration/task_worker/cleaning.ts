/**
 * A workflow that stands at cleanup, and what tests do to it.
 *
 * @module
 */
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { containerFlushedKey, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import { exampleJob } from "lib/testing/strict_pfcon.ts";
import { cleanUp, type CleanUpContext } from "../../../workers/task_worker/clean_up.ts";
import { endStep } from "../../../workers/task_worker/end_step.ts";
import { accept, type Bench, forgetAll, lifeOf, NOW, record, workflowOf } from "./bench.ts";
import { FaultPoints } from "./fault_points.ts";

/** The step's container, as its events name it. */
export function container(step: JobType): string {
  return `${JOB_TYPES.indexOf(step) + 1}`;
}

/** A workflow that stands at cleanup: copy, plugin and delete ran, this pfcon needs no upload. */
export async function atCleanUp(bench: Bench): Promise<void> {
  const { sql, pfcon } = bench;
  await forgetAll(bench);
  await accept(sql, "trial-1");
  for (const step of JOB_TYPES) {
    if (step === "upload") {
      await bench.redis.set(logsFlushedKey("trial-1", step), "1");
      await endStep({ sql, now: () => NOW }, { jobId: "trial-1", step }, { result: "skipped", reason: null });
      continue;
    }
    await pfcon.client.schedule(step, { ...exampleJob, job_id: "trial-1" });
    pfcon.setState(step, "trial-1", "finishedSuccessfully");
    await record(
      sql,
      ...lifeOf("trial-1", step, "finishedSuccessfully", { container: Number(container(step)) }),
    );
  }
  pfcon.calls = [];
}

/** What is done to it. */
export function cleaning(bench: Bench) {
  return {
    /** Cleans up; `changes` are made to what it is given. */
    run(changes: Partial<CleanUpContext> = {}, points = new FaultPoints()): Promise<void> {
      const context: CleanUpContext = {
        sql: points.sql(bench.sql),
        redis: points.redis(bench.redis),
        pfcon: points.pfcon(bench.pfcon.client),
        held: { hold: () => {}, release: () => {} },
        quiescenceMs: null,
        now: () => NOW + 60_000,
        ...changes,
      };
      return cleanUp(context, "trial-1", points.signal);
    },

    /** Proves the logs of the steps' containers stored. */
    async prove(...steps: JobType[]): Promise<void> {
      for (const step of steps) {
        await bench.redis.set(containerFlushedKey(container(step).padStart(64, "0")), "1");
      }
    },

    /** Where the workflow stands, and why it waits. */
    async standing(): Promise<string> {
      const { step, status, held } = await workflowOf(bench.sql, "trial-1");
      return [step, status, ...(held === null ? [] : [held])].join(", ");
    },
  };
}
