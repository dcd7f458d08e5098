import { type Compute, neverStarted, type PfconClient, PfconFaultError } from "lib/pfcon/client.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import type { StepTarget } from "./end_step.ts";

/** A step could not be started; that is tried again. */
export class StartFailedError extends Error {
  override readonly name = "StartFailedError";
}

/** Pause between two looks at a container that may be about to start (ms). */
const LOOK_AGAIN_MS = 250;

/**
 * What pfcon knows of a step's container; null if there is none. When pfcon fails at such a question, nothing is
 * wrong with the job: the engine behind it is away.
 *
 * What pfcon says of a container that is being removed is taken for `undefined`: it calls it failed, whatever it
 * was. So is one whose removal failed and that never started.
 *
 * @throws {OutageError}
 */
export async function lookUp(
  pfcon: Pick<PfconClient, "get">,
  { jobId, step }: StepTarget,
  signal: AbortSignal,
): Promise<Compute | null> {
  try {
    const known = await pfcon.get(step, jobId, signal);
    return known && isUnclear(known) ? { ...known, status: "undefined" } : known;
  } catch (error) {
    if (!(error instanceof PfconFaultError)) throw error;
    throw new OutageError("the engine behind pfcon", `ask for ${step} of job "${jobId}"`, { cause: error });
  }
}

/**
 * The same, but a container that was made and does not run is given `graceMs` to start: an earlier try of the task
 * may have been cut off while pfcon was at work on it.
 *
 * @throws {OutageError}
 */
export async function lookUpPatiently(
  pfcon: Pick<PfconClient, "get">,
  target: StepTarget,
  { graceMs, signal }: { graceMs: number; signal: AbortSignal },
): Promise<Compute | null> {
  let known = await lookUp(pfcon, target, signal);
  for (let waited = 0; known?.status === "notStarted" && waited < graceMs; waited += LOOK_AGAIN_MS) {
    await sleep(LOOK_AGAIN_MS, signal);
    signal.throwIfAborted();
    known = await lookUp(pfcon, target, signal);
  }
  return known;
}

function isUnclear(known: Compute): boolean {
  return known.message === "removing" || (known.message === "dead" && neverStarted(known));
}
