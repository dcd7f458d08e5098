/**
 * Deletes a workflow's containers, but never the only copy of a log (architecture.md §6): each container's log is
 * proven stored first, or the container no longer exists. Otherwise the workflow is held, and says why.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { JOB_TYPES, type JobType } from "lib/event/status.ts";
import { containerFlushedKey, logsFlushedKey } from "lib/log_store/flushed_keys.ts";
import type { PfconClient } from "lib/pfcon/client.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { containerIds } from "lib/store/status_history.ts";
import { findWorkflow, holdCleanup, lockJob, type StepRecord } from "lib/store/workflows.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { applyFact } from "./apply_fact.ts";

/** What cleaning up needs. */
export interface CleanUpContext {
  readonly sql: Sql;
  readonly redis: Redis;
  readonly pfcon: Pick<PfconClient, "get" | "remove">;
  /** Null: proof only. Else: a log also counts as drained this long after its container's end (ms). */
  readonly quiescenceMs: number | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Cleanup waits for logs to be stored; it is tried again. */
export class CleanupHeldError extends Error {
  override readonly name = "CleanupHeldError";
}

/**
 * Cleans up after the workflow if that is its current step. Done twice it changes nothing.
 *
 * @throws {CleanupHeldError} while a log is not proven stored.
 */
export async function cleanUp(context: CleanUpContext, jobId: string, signal: AbortSignal): Promise<void> {
  const workflow = await withOutage("read the workflow", () => findWorkflow(context.sql, jobId));
  if (!workflow || workflow.status !== "running" || workflow.step !== "cleanup") return;
  const waiting = await unprovenSteps(context, jobId, workflow.steps, signal);
  if (waiting.length > 0) {
    const why = `waiting until the log of ${waiting.join(", ")} is proven stored`;
    await withOutage("note why cleanup waits", () => holdCleanup(context.sql, jobId, why));
    throw new CleanupHeldError(`Cannot clean up job "${jobId}": ${why}`);
  }
  for (const step of JOB_TYPES) await context.pfcon.remove(step, jobId, signal);
  await inTransaction(context.sql, "complete the workflow", async (tx) => {
    await lockJob(tx, jobId);
    await applyFact(tx, jobId, { kind: "cleanedUp" }, { at: context.now() });
  });
}

/** Steps whose container may still hold the only copy of a part of its log. */
async function unprovenSteps(
  context: CleanUpContext,
  jobId: string,
  steps: readonly StepRecord[],
  signal: AbortSignal,
): Promise<JobType[]> {
  const candidates = steps.filter((step) => step.outcome !== "skipped" && step.outcome !== "not-run");
  const containers = await withOutage("look up the job's containers", () => containerIds(context.sql, jobId));
  const unproven: JobType[] = [];
  for (const { step, endedAt } of candidates) {
    if (context.quiescenceMs !== null && endedAt && context.now() - endedAt.getTime() >= context.quiescenceMs) continue;
    const containerId = containers.get(step);
    const proof = containerId ? containerFlushedKey(containerId) : logsFlushedKey(jobId, step);
    if (await context.redis.exists(proof) === 1) continue;
    if (await context.pfcon.get(step, jobId, signal) !== null) unproven.push(step);
  }
  return unproven;
}
