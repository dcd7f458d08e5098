/**
 * Carries out what `advance()` decided: rows and outgoing events within the caller's transaction. The order that
 * follows is returned, to be given once the transaction has committed; one lost on the way is found by the sweep.
 *
 * @module
 */
import type { Reason } from "lib/event/status.ts";
import { advance, type Fact } from "lib/job/workflow.ts";
import type { Sql } from "lib/store/open.ts";
import { saveDecision } from "lib/store/save_decision.ts";
import { endStep } from "lib/store/steps.ts";
import { findWorkflow, flowOf } from "lib/store/workflows.ts";
import { type Order, orderOf } from "lib/task/order.ts";

export type { Order } from "lib/task/order.ts";

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
  await saveDecision(tx, jobId, { fact, decision, at: details.at });
  return decision.order && orderOf(jobId, decision.order);
}
