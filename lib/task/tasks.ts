/**
 * Tasks: what the status consumer, the API and the task workers ask the task workers to do. A task only says
 * that there is something to do; what to do stands in Postgres, so a lost task is put again and a task done
 * twice changes nothing.
 *
 * @module
 */
import { z } from "@zod/zod";
import { JobType, StatusEvent } from "../event/status.ts";

/** Store a status event, confirm it, move its workflow on. */
export const ProcessJobStatus = z.object({
  event: StatusEvent,
  /** Id of the stream entry the event came from. */
  entry_id: z.string(),
  /** The id that the entry had at first, if it was put back from the dead letters: its place in the job's history. */
  requeued_from: z.string().optional(),
});
/** Store a status event, confirm it, move its workflow on. */
export type ProcessJobStatus = z.infer<typeof ProcessJobStatus>;

/** Order a step's container from pfcon; or stop it, if its workflow is being cancelled. */
export const RunStep = z.object({ job_id: z.string(), step: JobType });
/** Order a step's container from pfcon; or stop it, if its workflow is being cancelled. */
export type RunStep = z.infer<typeof RunStep>;

/** Delete a workflow's containers once their logs are proven stored. */
export const CleanUp = z.object({ job_id: z.string() });
/** Delete a workflow's containers once their logs are proven stored. */
export type CleanUp = z.infer<typeof CleanUp>;

/** Queue of `ProcessJobStatus` tasks of one shard: one at a time, in order, however many task workers there are. */
export function statusQueue(shard: number): string {
  return `process-job-status-${shard}`;
}

/**
 * Id of a `ProcessJobStatus` task: the event's, so that an event delivered twice is one task. An event put back from
 * the dead letters as entry `requeuedAs` is another task: the one that dead-lettered it may not have left the queue yet.
 */
export function processJobStatusId(eventId: string, requeuedAs?: string): string {
  const id = `status_${eventId.replace(/[%:]/g, encodeURIComponent)}`; // what the queue does not allow in an id
  return requeuedAs === undefined ? id : `${id}_${requeuedAs}`;
}

/** Id of a `RunStep` task: one per step of a job. */
export function runStepId(jobId: string, step: JobType): string {
  return `run-step_${jobId}_${step}`;
}

/** Id of a `RunStep` task that is put because the workflow is being cancelled. */
export function stopStepId(jobId: string, step: JobType): string {
  return `stop-step_${jobId}_${step}`;
}

/** Id of a `CleanUp` task: one per job. */
export function cleanUpId(jobId: string): string {
  return `clean-up_${jobId}`;
}

/** Queue of `RunStep` tasks. */
export const RUN_STEP_QUEUE = "run-step";
/** Queue of `CleanUp` tasks. */
export const CLEAN_UP_QUEUE = "clean-up";
