/**
 * What becomes of a step for a reason that no status event tells.
 *
 * @module
 */
import { isTerminal, type JobStatus, type Reason } from "lib/event/status.ts";
import { attemptOf } from "lib/store/control.ts";
import type { Sql } from "lib/store/open.ts";
import { lastEnd } from "lib/store/status_history.ts";
import { markOrdered, type StepTarget } from "lib/store/steps.ts";
import { storableText } from "lib/store/storable_text.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { lockJob } from "lib/store/workflows.ts";
import { applyFact, type Order } from "./apply_fact.ts";
import { applyEnd } from "./record_status.ts";

export type { StepTarget } from "lib/store/steps.ts";

/** What ending a step needs. */
export interface EndStepContext {
  readonly sql: Sql;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Ends the step. Returns the order that follows. */
export async function endStep(
  context: EndStepContext,
  target: StepTarget,
  end: { result: "skipped" | "not-run" | "undefined"; reason: Reason | null },
): Promise<Order | null> {
  const { jobId, step } = target;
  const reason = end.reason && { ...end.reason, text: storableText(end.reason.text) };
  const outcome = { step, result: end.result, error: reason?.text ?? null };
  return await inTransaction(context.sql, "end the step", async (tx) => {
    await lockJob(tx, jobId);
    if (await isPast(tx, target)) return null;
    return await applyFact(tx, jobId, { kind: "stepEnded", outcome }, { at: context.now(), reason });
  });
}

/**
 * Notes that the step's container exists. If it has ended, its end may have been told before the workflow came to
 * this step (it is left from an earlier run); then nobody will tell it again, and the record counts. Returns the
 * order that follows.
 */
export async function noteOrdered(
  context: EndStepContext,
  target: StepTarget,
  status: JobStatus,
): Promise<Order | null> {
  return await inTransaction(context.sql, "note that the step is ordered", async (tx) => {
    await lockJob(tx, target.jobId);
    if (await isPast(tx, target)) return null;
    await markOrdered(tx, target.jobId, target.step);
    return await applyRecordedEnd(tx, target, { status, now: context.now() });
  });
}

/** Whether another attempt at the job has begun. */
async function isPast(tx: Sql, { jobId, attempt }: StepTarget): Promise<boolean> {
  return attempt !== undefined && await attemptOf(tx, jobId) !== attempt;
}

/** Ends the step as its container's end was recorded, if that is the end it has. Returns the order that follows. */
async function applyRecordedEnd(
  tx: Sql,
  { jobId, step }: StepTarget,
  { status, now }: { status: JobStatus; now: number },
): Promise<Order | null> {
  if (!isTerminal(status)) return null;
  const end = await lastEnd(tx, jobId, step);
  return end?.status === status ? await applyEnd(tx, end, now) : null;
}
