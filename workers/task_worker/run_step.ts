/**
 * Orders a step's container from pfcon: at most once while it lives, however often the task runs
 * (architecture.md §5.4). Throwing makes the queue try again later; what the job itself is to blame for ends
 * the step.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { JobType, Reason } from "lib/event/status.ts";
import { inputDirs, JobParams, outputDir } from "lib/job/job_params.ts";
import { LOGS_FLUSHED_TTL_SECONDS, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import {
  type Compute,
  PfconClient,
  PfconFaultError,
  type PfconJob,
  PfconRejectedError,
  startFailureReason,
} from "lib/pfcon/client.ts";
import {
  countStartAttempt,
  findWorkflow,
  lockJob,
  markOrdered,
  noteStepError,
  type WorkflowRecord,
} from "lib/store/workflows.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { applyFact, type Order } from "./apply_fact.ts";

/** What ordering a step needs. */
export interface RunStepContext {
  readonly sql: Sql;
  readonly redis: Redis;
  readonly pfcon: Pick<PfconClient, "schedule" | "get" | "remove">;
  /** Starts that may fail for the job's own reason before the step counts as not run. */
  readonly startAttempts: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** How many more tries a fault gets that need not be the job's own. */
const UNCLEAR_FAULT_FACTOR = 4;

/** A start failed and will be tried again. */
export class StartFailedError extends Error {
  override readonly name = "StartFailedError";
}

/** Orders the step if it is still the workflow's current one; returns the order that follows when it is over. */
export async function runStep(
  context: RunStepContext,
  { jobId, step }: { jobId: string; step: JobType },
  signal: AbortSignal,
): Promise<Order | null> {
  const workflow = await withOutage("read the workflow", () => findWorkflow(context.sql, jobId));
  if (!workflow || workflow.status !== "running" || workflow.step !== step) return null;
  if (workflow.steps.find((record) => record.step === step)?.orderedAt) return null;
  try {
    const known = await context.pfcon.get(step, jobId, signal);
    // A container that was made but not started cannot be started by asking again: pfcon would return it as it is.
    if (known?.status === "notStarted") await context.pfcon.remove(step, jobId, signal);
    const running = known !== null && known.status !== "notStarted";
    const compute = running ? known : await order(context, workflow, step, signal);
    return await accepted(context, jobId, step, compute);
  } catch (error) {
    return await refused(context, { jobId, step, error }, signal);
  }
}

async function order(context: RunStepContext, workflow: WorkflowRecord, step: JobType, signal: AbortSignal): Promise<Compute> {
  // An older container of this name may have left its proof, which says nothing about the one that starts now.
  await context.redis.del(logsFlushedKey(workflow.jobId, step));
  return await context.pfcon.schedule(step, pfconJob(workflow), signal);
}

/** A step that this pfcon does not need is over at once; its log, being none, is flushed. */
async function accepted(context: RunStepContext, jobId: string, step: JobType, compute: Compute): Promise<Order | null> {
  const skipped = compute.image === "" && /Skipped$/.test(compute.message);
  if (!skipped) {
    await withOutage("note that the step is ordered", () => markOrdered(context.sql, jobId, step));
    return null;
  }
  await context.redis.set(logsFlushedKey(jobId, step), "1", "EX", LOGS_FLUSHED_TTL_SECONDS);
  return await endStep(context, jobId, { step, result: "skipped", reason: null });
}

async function refused(
  context: RunStepContext,
  { jobId, step, error }: { jobId: string; step: JobType; error: unknown },
  signal: AbortSignal,
): Promise<Order | null> {
  if (error instanceof PfconRejectedError) {
    return await endStep(context, jobId, { step, result: "not-run", reason: { code: "rejected-by-pfcon", text: error.message } });
  }
  if (error instanceof PfconFaultError) return await startFailed(context, { jobId, step, fault: error }, signal);
  const why = error instanceof Error ? error.message : String(error);
  await withOutage("note why the step waits", () => noteStepError(context.sql, jobId, step, why));
  throw error;
}

/**
 * pfcon answers 500 for a missing image and a bad entrypoint, but for a dead engine too (pfcon's contract, §5, §9).
 * Asking for the container tells them apart: a dead engine answers 500 again, which is an outage and waits. The
 * job is surely to blame if its container was left unstarted, or if the image could not be pulled; a few tries
 * cover a registry's hiccup. Any other fault may be the job's (limits that the engine refuses) or the site's, and
 * gets far more tries.
 */
async function startFailed(
  context: RunStepContext,
  { jobId, step, fault }: { jobId: string; step: JobType; fault: PfconFaultError },
  signal: AbortSignal,
): Promise<Order | null> {
  const left = await context.pfcon.get(step, jobId, signal).catch((error) => {
    throw error instanceof PfconFaultError ? new OutageError("the engine behind pfcon", `start ${step}`, { cause: fault }) : error;
  });
  const code: Reason["code"] = left?.status === "notStarted" ? "start-failed" : startFailureReason(fault.detail);
  const surelyJobsFault = left?.status === "notStarted" || code === "image-pull";
  const limit = surelyJobsFault ? context.startAttempts : context.startAttempts * UNCLEAR_FAULT_FACTOR;
  const attempts = await withOutage("count the start", () => countStartAttempt(context.sql, jobId, step, fault.message));
  if (left?.status === "notStarted") await context.pfcon.remove(step, jobId, signal);
  if (attempts < limit) throw new StartFailedError(fault.message, { cause: fault });
  return await endStep(context, jobId, { step, result: "not-run", reason: { code, text: fault.detail } });
}

/** Ends a step for a reason that no status event tells. Returns the order that follows. */
export async function endStep(
  context: Pick<RunStepContext, "sql" | "now">,
  jobId: string,
  end: { step: JobType; result: "skipped" | "not-run" | "undefined"; reason: Reason | null },
): Promise<Order | null> {
  const outcome = { step: end.step, result: end.result, error: end.reason?.text ?? null };
  return await inTransaction(context.sql, "end the step", async (tx) => {
    await lockJob(tx, jobId);
    return await applyFact(tx, jobId, { kind: "stepEnded", outcome }, { at: context.now(), reason: end.reason });
  });
}

function pfconJob(workflow: WorkflowRecord): PfconJob {
  const params = JobParams.parse(workflow.params);
  return {
    ...params,
    job_id: workflow.jobId,
    input_dirs: inputDirs(params),
    output_dir: outputDir(workflow.jobId, params),
  };
}
