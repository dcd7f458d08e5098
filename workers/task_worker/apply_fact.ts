/**
 * Carries out what `advance()` decided: rows and outgoing events within the caller's transaction. The order that
 * follows is returned, to be given once the transaction has committed; one lost on the way is found by the sweep.
 *
 * @module
 */
import type { JobType, Reason } from "lib/event/status.ts";
import { advance, type Fact } from "lib/job/workflow.ts";
import type { Sql } from "lib/store/open.ts";
import { endStep } from "lib/store/steps.ts";
import { findWorkflow, flowOf, recordTransition, saveFlow } from "lib/store/workflows.ts";

/** What is to be done next for a job. */
export type Order =
  | { readonly jobId: string; readonly kind: "runStep"; readonly step: JobType }
  | { readonly jobId: string; readonly kind: "cleanUp" };

/** What else is known of the fact. */
export interface FactDetails {
  /** When it is recorded (ms since 1970). */
  readonly at: number;
  readonly endedAt?: Date;
  readonly exitCode?: number | null;
  readonly reason?: Reason | null;
}

/**
 * Applies a fact to the job's workflow, which the caller has locked. A job without one (started past us) and facts
 * that come late are left.
 */
export async function applyFact(
  tx: Sql,
  jobId: string,
  fact: Fact,
  details: FactDetails,
): Promise<Order | null> {
  const workflow = await findWorkflow(tx, jobId);
  if (!workflow) return null;
  const decision = advance(flowOf(workflow), fact);
  if (decision.kind === "ignore") return null;
  if (fact.kind === "stepEnded") {
    await endStep(tx, jobId, {
      step: fact.outcome.step,
      outcome: fact.outcome.result,
      exitCode: details.exitCode ?? null,
      reason: details.reason ?? null,
      at: details.endedAt ?? new Date(details.at),
    });
  }
  const error = decision.transitions.findLast((transition) => transition.error !== null)?.error ?? null;
  await saveFlow(tx, jobId, decision.flow, error);
  for (const transition of decision.transitions) {
    await recordTransition(tx, jobId, transition, details.at);
  }
  if (decision.order === null) return null;
  return "start" in decision.order
    ? { jobId, kind: "runStep", step: decision.order.start }
    : { jobId, kind: "cleanUp" };
}
