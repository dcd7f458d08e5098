/**
 * The slow layer under the quick ones: finds workflows whose next task got lost between commit and queue, or
 * with the queue's Redis, and steps whose container is gone, or never started, without anybody having told.
 *
 * @module
 */
import type { PfconClient } from "lib/pfcon/client.ts";
import { isStoppable } from "lib/job/workflow.ts";
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import type { Worker } from "lib/run/worker.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { noteStepError, takeSilentSteps, withdrawOrder } from "lib/store/steps.ts";
import { findUnordered } from "lib/store/workflows.ts";
import type { Order } from "./apply_fact.ts";
import { endStep, noteOrdered, type StepTarget } from "./end_step.ts";
import { lookUp } from "./look_up.ts";
import type { Orders } from "./orders.ts";

/** Workflows and steps looked at in one pass. */
const LIMIT = 500;

/** What the sweep needs; times in milliseconds. */
export interface SweepOptions {
  readonly sql: Sql;
  readonly pfcon: Pick<PfconClient, "get">;
  readonly orders: Pick<Orders, "give">;
  /** Whether states of the job are still on their way into the record. */
  readonly hasMore: (jobId: string) => Promise<boolean>;
  readonly everyMs: number;
  readonly silentMs: number;
  readonly log: Logger;
  readonly now: () => number;
}

/** The sweep. Any number may run side by side. */
export class Sweep implements Worker {
  readonly name = "sweep";
  readonly #options: SweepOptions;
  /** The last workflow of the pass before, if that did not come to the end. */
  #after = "";

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** Sweeps until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.runOnce(signal).catch((error) => {
        const level = error instanceof OutageError ? "warn" : "error";
        if (!signal.aborted) this.#options.log[level]({ error }, "sweep failed, trying again");
      });
      // Jitter keeps replicas from sweeping in step.
      await sleep(this.#options.everyMs / 2 + backoffMs(1, { baseMs: this.#options.everyMs }), signal);
    }
  }

  /** One pass; returns how many orders were given again and how many silent steps got on. */
  async runOnce(signal: AbortSignal): Promise<{ ordered: number; lost: number }> {
    const ordered = await this.#giveAgain();
    const { sql, silentMs } = this.#options;
    const silent = await withOutage(
      "look for silent steps",
      () => takeSilentSteps(sql, { silentMs, limit: LIMIT }),
    );
    let lost = 0;
    for (const target of silent) if (await this.#ask(target, signal)) lost++;
    return { ordered, lost };
  }

  /** Orders that are under way are not given twice; held cleanups are always among them. */
  async #giveAgain(): Promise<number> {
    const { sql, orders, everyMs } = this.#options;
    const range = { olderThanMs: everyMs, limit: LIMIT, after: this.#after };
    const unordered = await withOutage("look for lost orders", () => findUnordered(sql, range));
    for (const { jobId, step, cancelling } of unordered) {
      if (step === "completed") continue;
      const kind = cancelling && isStoppable(step) ? "stopStep" : "runStep";
      await orders.give(step === "cleanup" ? { jobId, kind: "cleanUp" } : { jobId, kind, step });
    }
    this.#after = unordered.length < LIMIT ? "" : unordered.at(-1)?.jobId ?? "";
    return unordered.length;
  }

  /** True if the step gets on. One that pfcon cannot be asked about does not keep the others waiting. */
  async #ask(target: StepTarget, signal: AbortSignal): Promise<boolean> {
    try {
      const order = await this.#orderFor(target, signal);
      await this.#options.orders.give(order);
      return order !== null;
    } catch (error) {
      if (error instanceof OutageError || signal.aborted) throw error;
      this.#options.log.error(
        { job_id: target.jobId, step: target.step, error },
        "cannot ask about a silent step",
      );
      return false;
    }
  }

  async #orderFor(target: StepTarget, signal: AbortSignal): Promise<Order | null> {
    const { sql, pfcon, now } = this.#options;
    const { jobId, step } = target;
    const known = await lookUp(pfcon, target, signal);
    if (known === null) {
      // Somebody else removed it, perhaps after its end was seen: what was seen counts.
      if (await this.#options.hasMore(jobId)) return null;
      const text = `the ${step} container no longer exists and nobody saw how it ended`;
      return await endStep({ sql, now }, target, { result: "undefined", reason: { code: "vanished", text } });
    }
    if (known.status === "notStarted") {
      const why = "its container was made, but never started";
      const isWithdrawn = await withOutage("withdraw an order", () => withdrawOrder(sql, target, why));
      return isWithdrawn ? { jobId, kind: "runStep", step } : null;
    }
    if (!known.status.startsWith("finished")) return null;
    const order = await noteOrdered({ sql, now }, target, known.status);
    const why = `pfcon says ${known.status}, but no event tells so yet: is the event forwarder running?`;
    if (order === null) {
      await withOutage("note why the step waits", () => noteStepError(sql, target, why));
    }
    return order;
  }
}
