import type { Decision, Fact } from "../job/workflow.ts";
import { beginAttempt, markCancelled } from "./control.ts";
import type { Sql } from "./open.ts";
import { recordTransition, saveFlow } from "./workflows.ts";

/**
 * Writes down what was decided about a job's workflow, within a transaction that has locked the job: where it stands,
 * its history, and the events that tell of it. `at` is ms since 1970.
 */
export async function saveDecision(
  tx: Sql,
  jobId: string,
  { fact, decision, at }: {
    readonly fact: Fact;
    readonly decision: Extract<Decision, { kind: "advance" }>;
    readonly at: number;
  },
): Promise<void> {
  const { flow, transitions } = decision;
  if (fact.kind === "retryAsked") await beginAttempt(tx, jobId, flow);
  else {
    if (fact.kind === "cancelAsked") await markCancelled(tx, jobId, new Date(at));
    // Why a workflow was cancelled stays its error, whatever its steps come to.
    const own = fact.kind === "cancelAsked" || !flow.cancelling;
    const error = own ? transitions.findLast((transition) => transition.error !== null)?.error : null;
    await saveFlow(tx, jobId, flow, error ?? null);
  }
  for (const transition of transitions) await recordTransition(tx, jobId, transition, at, flow.attempt);
}
