/**
 * Asking for a workflow to be cancelled: durable in Postgres before the answer, whatever happens next.
 *
 * The one transaction that holds the job decides who wins when a workflow is cancelled at the moment of its end: either
 * the end is recorded first, then there is nothing left to cancel, or the request is, then `cancelled` is the end.
 *
 * @module
 */
import type { WorkflowStatus } from "lib/event/workflow.ts";
import { advance, type Fact } from "lib/job/workflow.ts";
import { recordControl } from "lib/store/control.ts";
import type { Sql } from "lib/store/open.ts";
import { saveDecision } from "lib/store/save_decision.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { findWorkflow, flowOf, lockJob } from "lib/store/workflows.ts";
import { type Order, orderOf } from "lib/task/order.ts";
import { type Asked, whyText } from "./asked.ts";

/** What came of it. */
export type Cancellation =
  | { readonly kind: "unknown" }
  /** `cancelling` until the workflow has come to its end. `order`: what is to be done at once; null if nothing is. */
  | {
    readonly kind: "accepted";
    readonly status: "cancelling" | "cancelled";
    readonly attempt: number;
    readonly order: Order | null;
  }
  /** There is nothing left to cancel: the workflow is over, and ended as `status` says. */
  | { readonly kind: "over"; readonly status: WorkflowStatus };

/** Has the workflow cancelled; asking again changes nothing. @throws {OutageError} */
export async function cancel(sql: Sql, jobId: string, asked: Asked): Promise<Cancellation> {
  return await inTransaction(sql, `cancel job "${jobId}"`, async (tx): Promise<Cancellation> => {
    await lockJob(tx, jobId);
    const workflow = await findWorkflow(tx, jobId);
    if (!workflow) return { kind: "unknown" };
    const { status, step, attempt } = workflow;
    const fact: Fact = { kind: "cancelAsked", why: whyText("cancelled", asked) };
    const decision = advance(flowOf(workflow), fact);
    if (decision.kind === "ignore") {
      if (status === "running") return { kind: "accepted", status: "cancelling", attempt, order: null };
      if (status === "cancelled") return { kind: "accepted", status, attempt, order: null };
      return { kind: "over", status };
    }
    const { by, reason, now } = asked;
    await recordControl(tx, jobId, { action: "cancel", attempt, step, by, reason, at: new Date(now) });
    await saveDecision(tx, jobId, { fact, decision, at: now });
    const order = decision.order && orderOf(jobId, decision.order);
    return { kind: "accepted", status: "cancelling", attempt, order };
  });
}
