/**
 * BullMQ behind two verbs: put tasks, work on tasks. A task is done at least once, and may be lost with its Redis:
 * handlers are safe to repeat, and whoever puts tasks has another way to find what was not done.
 *
 * @module
 */
import { type Job, Queue, UnrecoverableError, WaitingError, Worker as BullWorker } from "bullmq";
import type { Redis } from "ioredis";
import type { z } from "@zod/zod";
import { backoffMs } from "../run/backoff.ts";
import type { Logger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { activeTraceparent, traced } from "../run/trace.ts";
import type { Worker } from "../run/worker.ts";
import { type TaskMetrics, taskOfQueue } from "./task_metrics.ts";

/** Failed tasks kept for people to look at. */
const KEEP_FAILED = 1_000;
/** Of a task's failures so many are kept with it: it may be tried for days. */
const KEEP_TRACES = 3;

/** A task to be put. */
export interface NewTask<Payload> {
  readonly id: string;
  readonly payload: Payload;
  /** The trace that it is part of (`lib/run/trace.ts`), if any. */
  readonly traceparent?: string | undefined;
}

/** Where tasks of one kind are put. Whatever Redis refuses it may accept later: an {@link OutageError}. */
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
        stackTraceLimit: KEEP_TRACES,
      },
    });
    this.#queue.on("error", () => {}); // the connection's owner reports outages
  }

  /**
   * Puts tasks in order. One whose id is already waiting or being worked on is not put again. An id is no number
   * and has no colon. A task goes on with the trace that it names, else with the one that is under way.
   */
  async put(tasks: readonly NewTask<Payload>[]): Promise<void> {
    const active = activeTraceparent();
    const jobs = tasks.map(({ id, payload, traceparent = active }) => {
      const data = traceparent ? { ...payload, traceparent } : payload;
      return { name: this.name, data, opts: { jobId: id } };
    });
    await brokerCall(`put tasks into ${this.name}`, () => this.#queue.addBulk(jobs));
  }

  /** Lets at most `count` tasks of this queue be worked on at a time, over all task workers. */
  async limitConcurrency(count: number): Promise<void> {
    await brokerCall(`limit ${this.name}`, () => this.#queue.setGlobalConcurrency(count));
  }

  /** Tasks that are waiting, being worked on, waiting for their next try, or failed. */
  async counts(): Promise<Record<string, number>> {
    return await brokerCall(
      `count tasks of ${this.name}`,
      () => this.#queue.getJobCounts("waiting", "active", "delayed", "failed"),
    );
  }

  /** Ends a task's pause before its next try; nothing happens if there is none of this id in a pause. */
  async hurry(id: string): Promise<void> {
    await brokerCall(`hurry a task of ${this.name}`, async () => {
      const job = await this.#queue.getJob(id);
      if (await job?.isDelayed()) await job?.promote().catch(() => {}); // it became due by itself meanwhile
    });
  }

  /** Stops using the queue; tasks in it stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}

async function brokerCall<T>(attempt: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new OutageError("task broker", attempt, { cause });
  }
}

/** How tasks of a queue are worked on. */
export interface TaskWorkerOptions<Payload> {
  /** A task that is not of this shape is put aside as failed: it could never be done. */
  readonly schema: z.ZodType<Payload>;
  /**
   * Returning ends the task; throwing tries it again later, after a growing pause, in which others overtake it.
   * Once `signal` has aborted, throwing puts it back where it was, for another worker.
   */
  readonly handler: (payload: Payload, signal: AbortSignal) => Promise<void>;
  readonly concurrency: number;
  /** Longest pause between two tries (ms). @default 30_000 */
  readonly maxPauseMs?: number;
  /** A task whose worker is silent this long, and half of it more at most, goes to another one (ms). @default 10_000 */
  readonly lockMs?: number;
  readonly metrics?: TaskMetrics;
  readonly log: Logger;
}

/** Works on a queue's tasks until stopped; tasks in hand are finished first. */
export function taskWorker<Payload>(
  redis: Redis,
  queue: string,
  options: TaskWorkerOptions<Payload>,
): Worker {
  const { lockMs = 10_000, maxPauseMs = 30_000, log } = options;
  return {
    name: `worker of ${queue}`,
    async run(signal) {
      const inHand = new Set<Promise<void>>();
      const take = (job: Job, token?: string) => {
        const task = doTask(job, token, options, signal).finally(() => inHand.delete(task));
        inHand.add(task);
        return task;
      };
      const worker = new BullWorker(queue, take, {
        connection: redis,
        concurrency: options.concurrency,
        lockDuration: lockMs,
        stalledInterval: lockMs / 2,
        // A task is safe to repeat, so it never fails for having been taken over too often.
        maxStalledCount: 1_000_000,
        settings: { backoffStrategy: (made) => backoffMs(made, { baseMs: 500, capMs: maxPauseMs }) },
        autorun: false,
      });
      worker.on(
        "error",
        (error) => log.debug({ queue, error: error.message }, "task queue connection fault"),
      );
      worker.on("failed", (job, error) => {
        const aside = error instanceof UnrecoverableError;
        const outcome = aside ? "task can never be done, put aside" : "task failed, will be tried again";
        log[aside ? "error" : "warn"]({
          queue,
          task: job?.id,
          tries: job?.attemptsMade,
          error: error.message,
        }, outcome);
      });
      const stop = async () => {
        await worker.pause(true);
        while (inHand.size > 0) await Promise.allSettled(inHand);
        await sleep(0); // the last outcome is handed to the connection by now
        // Not `close()`: it waits for the end of a connection, which one that is reconnecting never tells.
        await worker.close(true);
      };
      let stopping: Promise<void> | null = null;
      const onAbort = () => stopping = stop();
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        if (!signal.aborted) await worker.run();
      } finally {
        signal.removeEventListener("abort", onAbort);
        await (stopping ?? stop());
      }
    },
  };
}

async function doTask<Payload>(
  job: Job,
  token: string | undefined,
  { schema, handler, metrics }: TaskWorkerOptions<Payload>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return await putBack(job, token);
  const ended = metrics?.begin(job.queueName);
  const parsed = schema.safeParse(job.data);
  if (!parsed.success) {
    ended?.("put aside");
    throw new UnrecoverableError(`Cannot read the task: ${parsed.error.message}`);
  }
  try {
    const parent = typeof job.data.traceparent === "string" ? job.data.traceparent : null;
    const attributes = { task: job.id ?? "", tries: job.attemptsMade };
    await traced(
      `task ${taskOfQueue(job.queueName)}`,
      { parent, attributes },
      () => handler(parsed.data, signal),
    );
    ended?.("done");
  } catch (error) {
    ended?.(signal.aborted ? "put back" : "failed");
    if (!signal.aborted) throw error;
    await putBack(job, token);
  }
}

async function putBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}
