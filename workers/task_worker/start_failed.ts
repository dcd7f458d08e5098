/**
 * When pfcon fails to start a container: whose fault it is, and whether it is tried again.
 *
 * pfcon answers 500 for a missing image and a bad entrypoint, but for a dead engine too (pfcon's contract, §5, §9).
 * Asking for the container tells them apart: a dead engine answers 500 again, which is an outage and waits. A
 * container that is left unstarted is the job's own fault (its command is not in the image): that is told without
 * further tries, but not before another order that met this one has had time to start it.
 * An image that cannot be pulled is, too, but a few tries cover a registry's hiccup. Any other fault may be the
 * job's (limits that the engine refuses) or the site's, and gets far more tries.
 *
 * @module
 */
import type { Reason } from "lib/event/status.ts";
import { type PfconClient, type PfconFaultError, startFailureReason } from "lib/pfcon/client.ts";
import { withOutage } from "lib/store/open.ts";
import { countStartAttempt } from "lib/store/steps.ts";
import type { Order } from "./apply_fact.ts";
import { endStep, type EndStepContext, noteOrdered, type StepTarget } from "./end_step.ts";
import { lookUpPatiently, StartFailedError } from "./look_up.ts";

/** How many more tries a fault gets that need not be the job's own. */
const UNCLEAR_FAULT_FACTOR = 4;

/** What it needs. */
export interface StartFailedContext extends EndStepContext {
  readonly pfcon: Pick<PfconClient, "get" | "remove">;
  /** Pulls of the image that may fail before the step counts as not run. */
  readonly startAttempts: number;
  /** How long a container that was made but does not run may still be about to start (ms). */
  readonly startGraceMs: number;
}

/**
 * Counts the failed start and clears away what is left of it; ends the step when there were enough of them. If
 * there is a live container after all (two orders met, and this one lost), it is the step's.
 *
 * @throws {StartFailedError} if it is to be tried again.
 */
export async function startFailed(
  context: StartFailedContext,
  target: StepTarget,
  fault: PfconFaultError,
  signal: AbortSignal,
): Promise<Order | null> {
  const { jobId, step } = target;
  const left = await lookUpPatiently(context.pfcon, target, { graceMs: context.startGraceMs, signal });
  const unstarted = left?.status === "notStarted";
  if (left && !unstarted && left.status !== "undefined") {
    return await noteOrdered(context, target, left.status);
  }
  const code: Reason["code"] = unstarted ? "start-failed" : startFailureReason(fault.detail);
  const limit = unstarted ? 1 : context.startAttempts * (code === "image-pull" ? 1 : UNCLEAR_FAULT_FACTOR);
  const count = () => countStartAttempt(context.sql, target, fault.message);
  const attempts = await withOutage("count the start", count);
  if (unstarted) await context.pfcon.remove(step, jobId, signal);
  if (attempts < limit) throw new StartFailedError(fault.message, { cause: fault });
  return await endStep(context, target, { result: "not-run", reason: { code, text: fault.detail } });
}
