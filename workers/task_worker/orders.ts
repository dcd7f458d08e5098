/**
 * Orders into the task queues.
 *
 * @module
 */
import type { TaskQueue } from "lib/task/queue.ts";
import { type Order, stepTask } from "lib/task/order.ts";
import { type CleanUp, cleanUpId, type RunStep } from "lib/task/tasks.ts";

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
    if (order.kind !== "cleanUp") return await this.#runStep.put([stepTask(order)]);
    const { jobId } = order;
    await this.#cleanUp.put([{ id: cleanUpId(jobId), payload: { job_id: jobId } }]);
  }
}
