/**
 * When pfcon says that a step cannot be started yet (409), because what it builds on has not finished or is not
 * there: that is waited for. But it may be gone for good (somebody removed the copy's container before the plugin
 * was ordered), and then waiting would have no end. Nor would it if a step before was given up and left a container
 * that was made and never started: nothing will ever become of that.
 *
 * @module
 */
import type { JobType } from "lib/event/status.ts";
import { type PfconConflictError, PfconFaultError } from "lib/pfcon/client.ts";
import { inJobTurn } from "lib/store/job_turn.ts";
import { withOutage } from "lib/store/open.ts";
import { noteConflict } from "lib/store/steps.ts";
import type { Order } from "./apply_fact.ts";
import { findWorkflow } from "lib/store/workflows.ts";
import { endStep, type StepTarget } from "./end_step.ts";
import { lookUp, lookUpPatiently } from "./look_up.ts";
import { inTurn } from "./pfcon_in_turn.ts";
import { stopContainer, type StopStepContext } from "./stop_step.ts";

/** What pfcon looks at before it starts a step (pfcon's contract, §5). */
const BUILDS_ON: Readonly<Record<JobType, readonly JobType[]>> = {
  copy: [],
  plugin: ["copy"],
  upload: ["plugin"],
  delete: ["copy", "plugin", "upload"],
};

/** What it needs. */
export interface ConflictedContext extends StopStepContext {
  /** How long pfcon must have said nothing else before the step may count as not run (ms). */
  readonly conflictPatienceMs: number;
}

/**
 * Notes the conflict, and clears away what may be behind it. Ends the step as not run once pfcon has long said nothing
 * else and no container that the step builds on is running any more.
 *
 * @throws {PfconConflictError} `conflict` itself, if it is to be tried again.
 */
export async function conflicted(
  context: ConflictedContext,
  target: StepTarget,
  conflict: PfconConflictError,
  signal: AbortSignal,
): Promise<Order | null> {
  const note = () => noteConflict(context.sql, target, conflict.message);
  const lastedMs = await withOutage("note a conflict", note);
  await clearLeftovers(context, target, signal);
  if (lastedMs < context.conflictPatienceMs || await mayPass(context, target, signal)) throw conflict;
  const text = `pfcon says for ${Math.round(lastedMs / 1_000)} s that it is not possible: ${conflict.detail}`;
  return await endStep(context, target, { result: "not-run", reason: { code: "rejected-by-pfcon", text } });
}

/** Whether something that the step builds on is still running. */
async function mayPass(
  { pfcon }: Pick<ConflictedContext, "pfcon">,
  { jobId, step }: StepTarget,
  signal: AbortSignal,
): Promise<boolean> {
  for (const needed of BUILDS_ON[step]) {
    const known = await lookUp(pfcon, { jobId, step: needed }, signal);
    if (known?.status === "started") return true;
  }
  return false;
}

/**
 * Removes containers of the steps before, which are over, that were made and never started: they have no log. If the
 * workflow is being cancelled, stops those that run, as an order whose answer was lost may come true late. In the job's
 * turn, so that nobody is just ordering one of them.
 */
async function clearLeftovers(
  context: ConflictedContext,
  { jobId, step, attempt }: StepTarget,
  signal: AbortSignal,
): Promise<void> {
  const { sql, startGraceMs } = context;
  await inJobTurn(sql, jobId, async (turn) => {
    const pfcon = inTurn(context.pfcon, turn);
    const workflow = await withOutage("read the workflow", () => findWorkflow(sql, jobId));
    // This worker may have been paused: the containers of another attempt, or of a later step, are not to be touched.
    if (workflow?.attempt !== attempt || workflow?.step !== step) return;
    for (const before of BUILDS_ON[step]) {
      const target = { jobId, step: before, attempt };
      const known = await lookUpPatiently(pfcon, target, { graceMs: startGraceMs, signal });
      if (known?.status === "started" && workflow.cancelledAt) {
        await stopContainer({ ...context, pfcon }, { target, known, workflow }, signal);
      }
      if (known?.status !== "notStarted") continue;
      await pfcon.remove(before, jobId, signal).catch(unlessFault);
    }
  });
}

/** What pfcon cannot remove stays, and the conflict with it. */
function unlessFault(error: unknown): void {
  if (!(error instanceof PfconFaultError)) throw error;
}
