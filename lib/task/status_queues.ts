/**
 * The queues of `ProcessJobStatus` tasks: one per shard, worked on one task at a time over all task workers, so
 * that a job's states are recorded in the order of its stream.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { type NewTask, TaskQueue } from "./queue.ts";
import { type ProcessJobStatus, statusQueue } from "./tasks.ts";

/** See the module's description. */
export class StatusQueues implements AsyncDisposable {
  readonly #queues: readonly TaskQueue<ProcessJobStatus>[];

  constructor(broker: Redis, numShards: number) {
    this.#queues = Array.from({ length: numShards }, (_, shard) => new TaskQueue(broker, statusQueue(shard)));
  }

  /** Puts tasks of one shard, in order. The one-at-a-time rule comes with them, in case Redis forgot it. */
  async put(shard: number, tasks: readonly NewTask<ProcessJobStatus>[]): Promise<void> {
    const queue = this.#queues[shard];
    if (!queue) {
      throw new RangeError(`Cannot put tasks: there is no shard ${shard}, only ${this.#queues.length}`);
    }
    await queue.limitConcurrency(1);
    await queue.put(tasks);
  }

  /** Sets the one-at-a-time rule on every queue: before working on them. */
  async limit(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.limitConcurrency(1)));
  }

  /** Stops using the queues; tasks in them stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue[Symbol.asyncDispose]()));
  }
}
