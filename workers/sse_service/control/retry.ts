/**
 * Asking for another attempt at a job that is over and did not succeed.
 *
 * It begins at the earliest step that the failed one needs. By the time a workflow is over, pfcon keeps nothing of it:
 * `delete` has removed the data that copy and plugin left, and cleanup has removed the containers, without which pfcon
 * refuses the steps that build on them (its contract, §5). So an attempt begins at copy, which a pfcon that needs none
 * passes over again. Parameters are those that the job was accepted with. Logs and states of earlier attempts stay.
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
export type Retrial =
  | { readonly kind: "unknown" }
  /** `attempt` is under way. `order`: what is to be done at once; null if it was under way before. */
  | { readonly kind: "accepted"; readonly attempt: number; readonly order: Order | null }
  /** The workflow still has to come to its end: it never failed, or is being cancelled. */
  | { readonly kind: "not_over"; readonly cancelling: boolean }
  /** There is nothing to retry: the workflow ended as `status` says. */
  | { readonly kind: "over"; readonly status: WorkflowStatus };

/**
 * Begins another attempt, unless one is under way: then that is the one that was asked for. `after`: the attempt that
 * the client saw fail. With it, a request that is repeated late, when the next attempt has failed too, begins no third.
 *
 * @throws {OutageError}
 */
export async function retry(
  sql: Sql,
  jobId: string,
  { after, ...asked }: Asked & { readonly after: number | null },
): Promise<Retrial> {
  return await inTransaction(sql, `retry job "${jobId}"`, async (tx): Promise<Retrial> => {
    await lockJob(tx, jobId);
    const workflow = await findWorkflow(tx, jobId);
    if (!workflow) return { kind: "unknown" };
    const { attempt, step, status, cancelledAt } = workflow;
    if (after !== null && after < attempt) return { kind: "accepted", attempt, order: null };
    const fact: Fact = { kind: "retryAsked", why: whyText("retried", asked) };
    const decision = advance(flowOf(workflow), fact);
    if (decision.kind === "ignore") {
      if (status !== "running") return { kind: "over", status };
      const isRepeated = attempt > 1 && cancelledAt === null && after === null;
      if (isRepeated) return { kind: "accepted", attempt, order: null };
      return { kind: "not_over", cancelling: cancelledAt !== null };
    }
    const { by, reason, now } = asked;
    await recordControl(tx, jobId, { action: "retry", attempt, step, by, reason, at: new Date(now) });
    await saveDecision(tx, jobId, { fact, decision, at: now });
    const order = decision.order && orderOf(jobId, decision.order);
    return { kind: "accepted", attempt: decision.flow.attempt, order };
  });
}
