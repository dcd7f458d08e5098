/**
 * Deletes a workflow's containers, but never the only copy of a log (architecture.md §6): each container's log is
 * proven stored first, or the container no longer exists. Otherwise the workflow is held, and says why.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { containerFlushedKey, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import { type Compute, neverStarted } from "lib/pfcon/client.ts";
import { attemptOf } from "lib/store/control.ts";
import { inJobTurn, JobBusyError } from "lib/store/job_turn.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { NO_CONTAINERS, stepContainers } from "lib/store/step_containers.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { findWorkflow, holdCleanup, lockJob, type WorkflowRecord } from "lib/store/workflows.ts";
import { applyFact } from "./apply_fact.ts";
import type { StepTarget } from "./end_step.ts";
import type { HeldCleanups } from "./held_cleanups.ts";
import { leftoverEnd } from "./leftover.ts";
import { inTurn, type PfconCalls } from "./pfcon_in_turn.ts";

/** What cleaning up needs. */
export interface CleanUpContext {
  readonly sql: Sql;
  readonly redis: Redis;
  readonly pfcon: PfconCalls;
  readonly held: Pick<HeldCleanups, "hold" | "release">;
  /** Null: proof only. Else: a log also counts as drained this long after its container's end (ms). */
  readonly quiescenceMs: number | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Cleanup waits for logs to be stored; it is tried again. */
export class CleanupHeldError extends Error {
  override readonly name = "CleanupHeldError";
}

/** A step whose log is not proven stored, and the keys of which any one proves it. */
interface Unproven {
  readonly step: JobType;
  readonly proofs: readonly string[];
}

/**
 * Cleans up after the workflow if that is its current step. Done twice it changes nothing.
 *
 * @throws {CleanupHeldError} while a log is not proven stored.
 */
export async function cleanUp(context: CleanUpContext, jobId: string, signal: AbortSignal): Promise<void> {
  context.held.release(jobId);
  try {
    await inJobTurn(context.sql, jobId, (turn) => {
      return cleanUpIfDue({ ...context, pfcon: inTurn(context.pfcon, turn) }, jobId, signal);
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // Only for people to read: if it cannot be noted either, the error itself is what counts.
    const isOwn = !signal.aborted && !(error instanceof JobBusyError);
    if (isOwn) await holdCleanup(context.sql, jobId, why).catch(() => {});
    throw error;
  }
}

async function cleanUpIfDue(context: CleanUpContext, jobId: string, signal: AbortSignal): Promise<void> {
  const workflow = await withOutage("read the workflow", () => findWorkflow(context.sql, jobId));
  if (!workflow || workflow.status !== "running" || workflow.step !== "cleanup") return;
  await deleteContainers(context, workflow, signal);
  await inTransaction(context.sql, "complete the workflow", async (tx) => {
    await lockJob(tx, jobId);
    if (await attemptOf(tx, jobId) !== workflow.attempt) return; // another worker has completed this one long ago
    await applyFact(tx, jobId, { kind: "cleanedUp" }, { at: context.now() });
  });
}

/**
 * Deletes every container of the workflow, once it is sure that no log is lost by it: that of each is proven
 * stored, or pfcon says that there is none, or that it never started. Those without proof are asked about even if
 * the step is recorded as not run or was passed over: an order whose answer was lost may have left a container.
 */
async function deleteContainers(
  context: CleanUpContext,
  workflow: WorkflowRecord,
  signal: AbortSignal,
): Promise<void> {
  const { jobId } = workflow;
  const absent = new Set<JobType>();
  const unproven: Unproven[] = [];
  for (const candidate of await withoutProof(context, workflow)) {
    const known = await context.pfcon.get(candidate.step, jobId, signal);
    if (known === null) absent.add(candidate.step);
    else if (
      !neverStarted(known) && !await isProvenLeftover(context, { jobId, step: candidate.step }, known)
    ) {
      unproven.push(candidate);
    }
  }
  if (unproven.length > 0) {
    context.held.hold(jobId, unproven.map(({ proofs }) => proofs));
    const steps = unproven.map(({ step }) => step).join(", ");
    throw new CleanupHeldError(`the log of ${steps} is not proven stored yet`);
  }
  for (const step of JOB_TYPES) {
    if (!absent.has(step)) await context.pfcon.remove(step, jobId, signal);
  }
}

/** Steps of which no log is proven stored: that of the container that this attempt at the job has had. */
async function withoutProof(context: CleanUpContext, workflow: WorkflowRecord): Promise<Unproven[]> {
  const { jobId } = workflow;
  const containers = await withOutage(
    "look up the job's containers",
    () => stepContainers(context.sql, jobId),
  );
  const unproven: Unproven[] = [];
  for (const step of JOB_TYPES) {
    const endedAt = workflow.steps.find((record) => record.step === step)?.endedAt ?? null;
    if (isQuiescent(endedAt, context)) continue;
    const { current, earlier } = containers.get(step) ?? NO_CONTAINERS;
    const own = current === null ? [] : [containerFlushedKey(current)];
    const keys = { unnamed: logsFlushedKey(jobId, step), own, others: earlier.map(containerFlushedKey) };
    const { isProven, proofs } = await lookForProof(context.redis, keys);
    if (!isProven) unproven.push({ step, proofs });
  }
  return unproven;
}

/**
 * Whether a container's log is proven stored, and which keys prove it. The reference's proof is `unnamed`: it says no
 * container. It is withdrawn before each order, but may be given after that for a container of an earlier attempt, whose
 * log was still on its way into the store. Our log consumer proves each container by its `own` key as well, in the same
 * step: where there is that of one of the `others`, the proof without a name may be that one's, and says nothing.
 */
async function lookForProof(
  redis: Redis,
  { unnamed, own, others }: { unnamed: string; own: readonly string[]; others: readonly string[] },
): Promise<{ isProven: boolean; proofs: readonly string[] }> {
  const keys = [...others, unnamed, ...own];
  const values = await redis.mget(keys);
  const present = new Set(keys.filter((_, index) => values[index] !== null));
  const proofs = others.some((key) => present.has(key)) ? own : [unnamed, ...own];
  return { isProven: proofs.some((key) => present.has(key)), proofs };
}

/** Whether the container is one that pfcon has kept of an earlier attempt, and its own log is proven stored. */
async function isProvenLeftover(
  { sql, redis }: Pick<CleanUpContext, "sql" | "redis">,
  target: StepTarget,
  known: Compute,
): Promise<boolean> {
  const end = await leftoverEnd(sql, target, known);
  return end?.container_id !== undefined && await redis.exists(containerFlushedKey(end.container_id)) === 1;
}

/** Whether the policy takes the log for drained because its step ended long enough ago. */
function isQuiescent(
  endedAt: Date | null,
  { quiescenceMs, now }: Pick<CleanUpContext, "quiescenceMs" | "now">,
): boolean {
  return quiescenceMs !== null && endedAt !== null && now() - endedAt.getTime() >= quiescenceMs;
}
