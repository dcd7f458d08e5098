/**
 * The slow layer under the quick ones: finds workflows whose next task got lost between commit and queue, or
 * with the queue's Redis, and steps whose container is gone without anybody having told.
 *
 * @module
 */
import type { JobType } from "lib/event/status.ts";
import type { PfconClient } from "lib/pfcon/client.ts";
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import type { Worker } from "lib/run/worker.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { findUnordered, noteStepError, takeSilentSteps } from "lib/store/workflows.ts";
import type { StatusQueues } from "lib/task/status_queues.ts";
import type { Orders } from "./orders.ts";
import { endStep } from "./run_step.ts";

/** Workflows and steps looked at in one pass. */
const LIMIT = 500;

/** What the sweep needs; times in milliseconds. */
export interface SweepOptions {
  readonly sql: Sql;
  readonly pfcon: Pick<PfconClient, "get">;
  readonly orders: Orders;
  readonly statusQueues: StatusQueues;
  readonly everyMs: number;
  readonly silentMs: number;
  readonly log: Logger;
  readonly now: () => number;
}

/** The sweep. Any number may run side by side. */
export class Sweep implements Worker {
  readonly name = "sweep";
  readonly #options: SweepOptions;

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

  /** One pass; returns how many orders were given again and how many lost steps were ended. */
  async runOnce(signal: AbortSignal): Promise<{ ordered: number; lost: number }> {
    const { sql, orders, statusQueues, everyMs, silentMs } = this.#options;
    await statusQueues.limit();
    const unordered = await withOutage("look for lost orders", () => findUnordered(sql, { olderThanMs: everyMs, limit: LIMIT }));
    for (const { jobId, step } of unordered) {
      if (step === "completed") continue;
      await orders.give(step === "cleanup" ? { jobId, kind: "cleanUp" } : { jobId, kind: "runStep", step });
    }
    const silent = await withOutage("look for silent steps", () => takeSilentSteps(sql, { silentMs, limit: LIMIT }));
    let lost = 0;
    for (const { jobId, step } of silent) if (await this.#ask(jobId, step, signal)) lost++;
    return { ordered: unordered.length, lost };
  }

  /** True if the step's container is gone, and the step therefore over. */
  async #ask(jobId: string, step: JobType, signal: AbortSignal): Promise<boolean> {
    const { sql, pfcon, orders, now } = this.#options;
    const known = await pfcon.get(step, jobId, signal);
    if (known === null) {
      const reason = { code: "vanished", text: `the ${step} container no longer exists and nobody saw how it ended` } as const;
      await orders.give(await endStep({ sql, now }, jobId, { step, result: "undefined", reason }));
      return true;
    }
    const why = `pfcon says ${known.status}, but no event tells so yet: is the event forwarder running?`;
    if (known.status.startsWith("finished")) {
      await withOutage("note why the step waits", () => noteStepError(sql, jobId, step, why));
    }
    return false;
  }
}
