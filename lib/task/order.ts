/**
 * What is to be done next for a job, as it is handed on to the task queues.
 *
 * @module
 */
import type { JobType } from "../event/status.ts";
import type { NextDeed } from "../job/workflow.ts";
import { type RunStep, runStepId, stopStepId } from "./tasks.ts";

/** Something to be done about a step. */
export interface StepOrder {
  readonly jobId: string;
  readonly kind: "runStep" | "stopStep";
  readonly step: JobType;
}

/** What is to be done next for a job. */
export type Order = StepOrder | { readonly jobId: string; readonly kind: "cleanUp" };

/** The order for a deed that was decided on. */
export function orderOf(jobId: string, deed: NextDeed): Order {
  if ("cleanUp" in deed) return { jobId, kind: "cleanUp" };
  return "start" in deed
    ? { jobId, kind: "runStep", step: deed.start }
    : { jobId, kind: "stopStep", step: deed.stop };
}

/**
 * The task of the queue `run-step` for an order. To run and to stop a step are the same task under two ids, as the
 * task looks up what is wanted; the ids differ so that a stop is not taken for the run that is under way.
 */
export function stepTask({ jobId, kind, step }: StepOrder): { id: string; payload: RunStep } {
  const id = kind === "runStep" ? runStepId(jobId, step) : stopStepId(jobId, step);
  return { id, payload: { job_id: jobId, step } };
}
