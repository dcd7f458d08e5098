/**
 * Deletes a workflow's containers, but never the only copy of a log (architecture.md §6): each container's log is
 * proven stored first, or the container no longer exists. Otherwise the workflow is held, and says why.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { containerFlushedKey, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import { neverStarted, type PfconClient } from "lib/pfcon/client.ts";
import { inJobTurn, JobBusyError, type Turn } from "lib/store/job_turn.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { containerIds } from "lib/store/status_history.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { findWorkflow, holdCleanup, lockJob, type WorkflowRecord } from "lib/store/workflows.ts";
import { applyFact } from "./apply_fact.ts";
import type { HeldCleanups } from "./held_cleanups.ts";

/** What cleaning up needs. */
export interface CleanUpContext {
  readonly sql: Sql;
  readonly redis: Redis;
  readonly pfcon: Pick<PfconClient, "get" | "remove">;
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
    await inJobTurn(context.sql, jobId, (turn) => cleanUpIfDue(context, jobId, turn, signal));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // Only for people to read: if it cannot be noted either, the error itself is what counts.
    const isOwn = !signal.aborted && !(error instanceof JobBusyError);
    if (isOwn) await holdCleanup(context.sql, jobId, why).catch(() => {});
    throw error;
  }
}

async function cleanUpIfDue(
  context: CleanUpContext,
  jobId: string,
  turn: Turn,
  signal: AbortSignal,
): Promise<void> {
  const workflow = await withOutage("read the workflow", () => findWorkflow(context.sql, jobId));
  if (!workflow || workflow.status !== "running" || workflow.step !== "cleanup") return;
  await deleteContainers(context, workflow, turn, signal);
  await inTransaction(context.sql, "complete the workflow", async (tx) => {
    await lockJob(tx, jobId);
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
  turn: Turn,
  signal: AbortSignal,
): Promise<void> {
  const { jobId } = workflow;
  const absent = new Set<JobType>();
  const unproven: Unproven[] = [];
  for (const candidate of await withoutProof(context, workflow)) {
    const known = await context.pfcon.get(candidate.step, jobId, signal);
    if (known === null) absent.add(candidate.step);
    else if (!neverStarted(known)) unproven.push(candidate);
  }
  if (unproven.length > 0) {
    context.held.hold(jobId, unproven.map(({ proofs }) => proofs));
    const steps = unproven.map(({ step }) => step).join(", ");
    throw new CleanupHeldError(`the log of ${steps} is not proven stored yet`);
  }
  for (const step of JOB_TYPES) {
    if (absent.has(step)) continue;
    await turn.confirm(); // each time: the next attempt at the job may be under way if it is lost
    await context.pfcon.remove(step, jobId, signal);
  }
}

/**
 * Steps of which no log is proven stored. The reference's proof names no container, but it is withdrawn before each
 * order, and a container that never started leaves none.
 */
async function withoutProof(context: CleanUpContext, workflow: WorkflowRecord): Promise<Unproven[]> {
  const { jobId } = workflow;
  const containers = await withOutage("look up the job's containers", () => containerIds(context.sql, jobId));
  const unproven: Unproven[] = [];
  for (const step of JOB_TYPES) {
    const endedAt = workflow.steps.find((record) => record.step === step)?.endedAt ?? null;
    if (isQuiescent(endedAt, context)) continue;
    const containerId = containers.get(step);
    const proofs = [logsFlushedKey(jobId, step), ...(containerId ? [containerFlushedKey(containerId)] : [])];
    if (await context.redis.exists(...proofs) === 0) unproven.push({ step, proofs });
  }
  return unproven;
}

/** Whether the policy takes the log for drained because its step ended long enough ago. */
function isQuiescent(
  endedAt: Date | null,
  { quiescenceMs, now }: Pick<CleanUpContext, "quiescenceMs" | "now">,
): boolean {
  return quiescenceMs !== null && endedAt !== null && now() - endedAt.getTime() >= quiescenceMs;
}
