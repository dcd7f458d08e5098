/**
 * Orders a step's container from pfcon: at most once while it lives, however often the task runs
 * (architecture.md §5.4). Throwing makes the queue try again later; what the job itself is to blame for ends
 * the step.
 *
 * @module
 */
import { inputDirs, JobParams, outputDir } from "lib/job/job_params.ts";
import { isStoppable } from "lib/job/workflow.ts";
import { LOGS_FLUSHED_TTL_SECONDS, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import {
  type Compute,
  PfconConflictError,
  PfconFaultError,
  type PfconJob,
  PfconRejectedError,
} from "lib/pfcon/client.ts";
import { attemptOf } from "lib/store/control.ts";
import { inJobTurn, JobBusyError } from "lib/store/job_turn.ts";
import { withOutage } from "lib/store/open.ts";
import { noteStepError } from "lib/store/steps.ts";
import { findWorkflow, type StepRecord, type WorkflowRecord } from "lib/store/workflows.ts";
import type { Order } from "./apply_fact.ts";
import { conflicted, type ConflictedContext } from "./conflicted.ts";
import { endStep, noteOrdered, type StepTarget } from "./end_step.ts";
import { isLeftover } from "./leftover.ts";
import { lookUpPatiently, StartFailedError } from "./look_up.ts";
import { inTurn } from "./pfcon_in_turn.ts";
import { startFailed } from "./start_failed.ts";
import { stopStep } from "./stop_step.ts";

/** What ordering a step needs. */
export interface RunStepContext extends ConflictedContext {
  /** Starts that may fail for the job's own reason before the step counts as not run. */
  readonly startAttempts: number;
}

/**
 * Orders the step if it is still the workflow's current one, or stops it if the workflow is being cancelled; returns
 * the order that follows when it is over.
 */
export async function runStep(
  context: RunStepContext,
  { jobId, step }: StepTarget,
  signal: AbortSignal,
): Promise<Order | null> {
  const attempt = await withOutage("read the workflow", () => attemptOf(context.sql, jobId));
  if (attempt === null) return null;
  const target = { jobId, step, attempt };
  try {
    return await inJobTurn(context.sql, jobId, (turn) => {
      return orderIfDue({ ...context, pfcon: inTurn(context.pfcon, turn) }, target, signal);
    });
  } catch (error) {
    if (error instanceof PfconRejectedError) {
      const reason = { code: "rejected-by-pfcon", text: error.message } as const;
      return await endStep(context, target, { result: "not-run", reason });
    }
    if (error instanceof JobBusyError) throw error;
    if (error instanceof PfconConflictError) return await conflicted(context, target, error, signal);
    const why = error instanceof Error ? error.message : String(error);
    // Only for people to read: if it cannot be noted either, the error itself is what counts.
    if (!signal.aborted) await noteStepError(context.sql, target, why).catch(() => {});
    throw error;
  }
}

async function orderIfDue(
  context: RunStepContext,
  target: StepTarget,
  signal: AbortSignal,
): Promise<Order | null> {
  const workflow = await withOutage("read the workflow", () => findWorkflow(context.sql, target.jobId));
  if (!workflow || workflow.status !== "running" || workflow.step !== target.step) return null;
  if (workflow.attempt !== target.attempt) return null;
  const record = workflow.steps.find(({ step }) => step === target.step);
  if (!record) return null;
  if (workflow.cancelledAt && isStoppable(target.step)) {
    return await stopStep(context, { workflow, record }, signal);
  }
  return record.orderedAt ? null : await orderStep(context, { workflow, record }, signal);
}

async function orderStep(
  context: RunStepContext,
  { workflow, record }: { workflow: WorkflowRecord; record: StepRecord },
  signal: AbortSignal,
): Promise<Order | null> {
  const target = { jobId: workflow.jobId, step: record.step, attempt: workflow.attempt };
  const found = await settled(context, target, signal);
  const leftover = found !== null && await isLeftover(context.sql, target, found);
  const known = leftover ? null : found;
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
    if (isSkipped(made)) return await skip(context, target);
    if (leftover && await isLeftover(context.sql, target, made)) return await inTheWay(context, target);
    return await noteOrdered(context, target, made.status);
  } catch (fault) {
    if (fault instanceof PfconFaultError) return await startFailed(context, target, fault, signal);
    throw fault;
  }
}

/**
 * The step's container, once it is clear what there is.
 *
 * @throws {StartFailedError} if its state is not clear yet (it is being removed, or about to end).
 */
async function settled(
  { pfcon, startGraceMs }: Pick<RunStepContext, "pfcon" | "startGraceMs">,
  target: StepTarget,
  signal: AbortSignal,
): Promise<Compute | null> {
  const { jobId, step } = target;
  const known = await lookUpPatiently(pfcon, target, { graceMs: startGraceMs, signal });
  if (known?.status !== "undefined") return known;
  // Nobody is at it any more, it never ran, and pfcon would remove it, too, if it were asked to start the step.
  if (known.message === "dead") await pfcon.remove(step, jobId, signal);
  throw new StartFailedError(
    `Cannot order ${step} of job "${jobId}" yet: its container is "${known.message}"`,
  );
}

/** pfcon runs nothing where a container has succeeded, and has kept the one of an earlier attempt. */
async function inTheWay(context: RunStepContext, target: StepTarget): Promise<Order | null> {
  const text =
    "pfcon has kept the container of an earlier attempt (REMOVE_JOBS=no), and runs nothing in its place";
  return await endStep(context, target, { result: "not-run", reason: { code: "rejected-by-pfcon", text } });
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
