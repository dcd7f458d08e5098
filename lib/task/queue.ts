/**
 * BullMQ behind two verbs: put tasks, work on tasks.
 *
 * @module
 */
import { Queue, Worker as BullWorker } from "bullmq";
import type { Redis } from "ioredis";
import type { z } from "@zod/zod";
import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import type { Worker } from "../run/worker.ts";

/** Failed tasks kept for people to look at. */
const KEEP_FAILED = 1_000;

/** Where tasks of one kind are put. */
export class TaskQueue<Payload> implements AsyncDisposable {
  readonly #queue: Queue;

  /** `redis` is the broker's connection; it stays the caller's. */
  constructor(redis: Redis, readonly name: string) {
    this.#queue = new Queue(name, {
      connection: redis,
      defaultJobOptions: {
        attempts: Number.MAX_SAFE_INTEGER,
        backoff: { type: "custom" },
        removeOnComplete: true,
        removeOnFail: KEEP_FAILED,
      },
    });
    this.#queue.on("error", () => {}); // the connection's owner reports outages
  }

  /** Puts tasks in order. One whose id is already waiting or being worked on is not put again. */
  async put(tasks: readonly { id: string; payload: Payload }[]): Promise<void> {
    await this.#queue.addBulk(
      tasks.map(({ id, payload }) => ({ name: this.name, data: payload, opts: { jobId: id } })),
    );
  }

  /** Lets at most `count` tasks of this queue be worked on at a time, over all task workers. */
  async limitConcurrency(count: number): Promise<void> {
    await this.#queue.setGlobalConcurrency(count);
  }

  /** Tasks that are waiting, being worked on, waiting for their next try, or failed. */
  async counts(): Promise<Record<string, number>> {
    return await this.#queue.getJobCounts("waiting", "active", "delayed", "failed");
  }

  /** Takes a waiting task out, whatever its turn; nothing happens if there is none of this id. */
  async hurry(id: string): Promise<void> {
    const job = await this.#queue.getJob(id);
    if (await job?.isDelayed()) await job?.promote().catch(() => {}); // it became due by itself meanwhile
  }

  /** Stops using the queue; tasks in it stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}

/** How tasks of a queue are worked on. */
export interface TaskWorkerOptions<Payload> {
  readonly schema: z.ZodType<Payload>;
  /** Returning ends the task; throwing tries it again later, after a growing pause. */
  readonly handler: (payload: Payload, signal: AbortSignal) => Promise<void>;
  readonly concurrency: number;
  /** Longest pause between two tries (ms). @default 30_000 */
  readonly maxPauseMs?: number;
  /** A task whose worker is silent this long goes to another one (ms). @default 30_000 */
  readonly lockMs?: number;
  readonly log: Logger;
}

/** Works on a queue's tasks until stopped; tasks in hand are finished first. */
export function taskWorker<Payload>(redis: Redis, queue: string, options: TaskWorkerOptions<Payload>): Worker {
  return {
    name: `worker of ${queue}`,
    async run(signal) {
      const worker = new BullWorker(queue, async (job) => {
        await options.handler(options.schema.parse(job.data), signal);
      }, {
        connection: redis,
        concurrency: options.concurrency,
        lockDuration: options.lockMs ?? 30_000,
        // A task is safe to repeat, so it never fails for having been taken over too often.
        maxStalledCount: 1_000_000,
        settings: { backoffStrategy: (made) => backoffMs(made, { baseMs: 500, capMs: options.maxPauseMs ?? 30_000 }) },
        autorun: false,
      });
      worker.on("error", (error) => options.log.debug({ queue, error: error.message }, "task queue connection fault"));
      worker.on("failed", (job, error) => {
        options.log.warn({ queue, task: job?.id, tries: job?.attemptsMade, error: error.message }, "task failed, will be tried again");
      });
      const ended = Promise.withResolvers<void>();
      const stop = () => worker.close().then(ended.resolve, ended.reject);
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      await Promise.all([worker.run(), ended.promise]);
    },
  };
}
