import { type Compute, type PfconClient, PfconFaultError } from "lib/pfcon/client.ts";
import { OutageError } from "lib/run/outage_error.ts";
import type { StepTarget } from "./end_step.ts";

/** A step could not be started; that is tried again. */
export class StartFailedError extends Error {
  override readonly name = "StartFailedError";
}

/**
 * What pfcon knows of a step's container; null if there is none. When pfcon fails at such a question, nothing is
 * wrong with the job: the engine behind it is away.
 *
 * @throws {OutageError}
 */
export async function lookUp(
  pfcon: Pick<PfconClient, "get">,
  { jobId, step }: StepTarget,
  signal: AbortSignal,
): Promise<Compute | null> {
  try {
    return await pfcon.get(step, jobId, signal);
  } catch (error) {
    if (!(error instanceof PfconFaultError)) throw error;
    throw new OutageError("the engine behind pfcon", `ask for ${step} of job "${jobId}"`, { cause: error });
  }
}
