/**
 * Orders into the task queues.
 *
 * @module
 */
import type { TaskQueue } from "lib/task/queue.ts";
import { type CleanUp, cleanUpId, type RunStep, runStepId } from "lib/task/tasks.ts";
import type { Order } from "./apply_fact.ts";

/** Gives orders to the task workers. An order that is under way already is not given twice. */
export class Orders {
  readonly #runStep: TaskQueue<RunStep>;
  readonly #cleanUp: TaskQueue<CleanUp>;

  constructor(queues: { runStep: TaskQueue<RunStep>; cleanUp: TaskQueue<CleanUp> }) {
    this.#runStep = queues.runStep;
    this.#cleanUp = queues.cleanUp;
  }

  /** Puts the order's task; null is no order. */
  async give(order: Order | null): Promise<void> {
    if (order === null) return;
    const { jobId } = order;
    if (order.kind === "cleanUp") {
      await this.#cleanUp.put([{ id: cleanUpId(jobId), payload: { job_id: jobId } }]);
    } else {
      const payload = { job_id: jobId, step: order.step };
      await this.#runStep.put([{ id: runStepId(jobId, order.step), payload }]);
    }
  }
}
