/**
 * Orders a step's container from pfcon: at most once while it lives, however often the task runs
 * (architecture.md §5.4). Throwing makes the queue try again later; what the job itself is to blame for ends
 * the step.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { inputDirs, JobParams, outputDir } from "lib/job/job_params.ts";
import { LOGS_FLUSHED_TTL_SECONDS, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import {
  type Compute,
  type PfconClient,
  PfconFaultError,
  type PfconJob,
  PfconRejectedError,
} from "lib/pfcon/client.ts";
import { sleep } from "lib/run/sleep.ts";
import { withOutage } from "lib/store/open.ts";
import { noteStepError } from "lib/store/steps.ts";
import { findWorkflow, type StepRecord, type WorkflowRecord } from "lib/store/workflows.ts";
import type { Order } from "./apply_fact.ts";
import { endStep, type EndStepContext, noteOrdered, type StepTarget } from "./end_step.ts";
import { lookUp, StartFailedError } from "./look_up.ts";
import { startFailed } from "./start_failed.ts";

/** What ordering a step needs. */
export interface RunStepContext extends EndStepContext {
  readonly redis: Redis;
  readonly pfcon: Pick<PfconClient, "schedule" | "get" | "remove">;
  /** Starts that may fail for the job's own reason before the step counts as not run. */
  readonly startAttempts: number;
  /** How long a container that was made but does not run may still be about to start (ms). */
  readonly startGraceMs: number;
}

/** Pause between two looks at a container that may be about to start (ms). */
const LOOK_AGAIN_MS = 250;

/** Orders the step if it is still the workflow's current one; returns the order that follows when it is over. */
export async function runStep(
  context: RunStepContext,
  target: StepTarget,
  signal: AbortSignal,
): Promise<Order | null> {
  const { jobId, step } = target;
  const workflow = await withOutage("read the workflow", () => findWorkflow(context.sql, jobId));
  if (!workflow || workflow.status !== "running" || workflow.step !== step) return null;
  const record = workflow.steps.find((record) => record.step === step);
  if (!record || record.orderedAt) return null;
  try {
    return await orderStep(context, workflow, record, signal);
  } catch (error) {
    if (error instanceof PfconRejectedError) {
      const reason = { code: "rejected-by-pfcon", text: error.message } as const;
      return await endStep(context, target, { result: "not-run", reason });
    }
    const why = error instanceof Error ? error.message : String(error);
    // Only for people to read: if it cannot be noted either, the error itself is what counts.
    if (!signal.aborted) await noteStepError(context.sql, jobId, step, why).catch(() => {});
    throw error;
  }
}

async function orderStep(
  context: RunStepContext,
  workflow: WorkflowRecord,
  record: StepRecord,
  signal: AbortSignal,
): Promise<Order | null> {
  const target = { jobId: workflow.jobId, step: record.step };
  const known = await settled(context, target, signal);
  if (known && known.status !== "notStarted") return await noteOrdered(context, target, known.status);
  const params = JobParams.safeParse(workflow.params);
  if (!params.success) {
    const text = `the job's parameters cannot be used: ${params.error.message}`;
    return await endStep(context, target, { result: "not-run", reason: { code: "config", text } });
  }
  // Asking again does not start a container that was made but not started: pfcon would return it as it is.
  if (known) await context.pfcon.remove(target.step, target.jobId, signal);
  if (known && record.startAttempts >= context.startAttempts) {
    const text = record.lastError ?? "its container was made, but never started";
    return await endStep(context, target, { result: "not-run", reason: { code: "start-failed", text } });
  }
  // An older container of this name may have left its proof, which says nothing about the one that starts now.
  await context.redis.del(logsFlushedKey(target.jobId, target.step));
  try {
    const made = await context.pfcon.schedule(target.step, pfconJob(target.jobId, params.data), signal);
    return isSkipped(made) ? await skip(context, target) : await noteOrdered(context, target, made.status);
  } catch (fault) {
    if (fault instanceof PfconFaultError) return await startFailed(context, target, fault, signal);
    throw fault;
  }
}

/**
 * The step's container, once it is clear what there is. One that is not started may just be about to be: an
 * earlier try of this task may have been cut off while pfcon was at work on it.
 *
 * @throws {StartFailedError} if its state is not clear yet (it is being removed, or about to end).
 */
async function settled(
  context: RunStepContext,
  target: StepTarget,
  signal: AbortSignal,
): Promise<Compute | null> {
  let known = await lookUp(context.pfcon, target, signal);
  for (
    let waited = 0;
    known?.status === "notStarted" && waited < context.startGraceMs;
    waited += LOOK_AGAIN_MS
  ) {
    await sleep(LOOK_AGAIN_MS, signal);
    known = await lookUp(context.pfcon, target, signal);
  }
  if (known?.status !== "undefined") return known;
  throw new StartFailedError(
    `Cannot order ${target.step} of job "${target.jobId}" yet: its container is "${known.message}"`,
  );
}

/** A step that this pfcon does not need has no container. */
function isSkipped(compute: Compute): boolean {
  return compute.image === "" && compute.message.endsWith("Skipped");
}

/** Its log, being none, is flushed. */
async function skip(context: RunStepContext, target: StepTarget): Promise<Order | null> {
  const key = logsFlushedKey(target.jobId, target.step);
  await context.redis.set(key, "1", "EX", LOGS_FLUSHED_TTL_SECONDS);
  return await endStep(context, target, { result: "skipped", reason: null });
}

function pfconJob(jobId: string, params: JobParams): PfconJob {
  return { ...params, job_id: jobId, input_dirs: inputDirs(params), output_dir: outputDir(jobId, params) };
}
