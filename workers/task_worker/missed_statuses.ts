/**
 * Finds states that stand in a stream but are not recorded, because the tasks that would record them are gone:
 * with the queue's Redis, or the last of them in a failover (G14). The next task of the shard would find them too
 * (`process_status.ts`); here they need not wait for one.
 *
 * @module
 */
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import type { Worker } from "lib/run/worker.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { recordedUpTo } from "lib/store/status_progress.ts";
import { entryIdParts } from "lib/stream/entry_id.ts";
import type { StatusQueues } from "lib/task/status_queues.ts";
import type { StatusStream } from "./status_stream.ts";

/** What looking for them needs. */
export interface MissedStatusesOptions {
  readonly sql: Sql;
  readonly stream: Pick<StatusStream, "numShards" | "shardOf" | "reports" | "newest" | "now">;
  readonly queues: Pick<StatusQueues, "put">;
  /** Pause between two looks; a younger state is on its way (ms). */
  readonly everyMs: number;
  readonly log: Logger;
}

/** See the module's description. Any number may run side by side. */
export class MissedStatuses implements Worker {
  readonly name = "missed statuses";
  readonly #options: MissedStatusesOptions;

  constructor(options: MissedStatusesOptions) {
    this.#options = options;
  }

  /** Looks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { everyMs, log } = this.#options;
    while (!signal.aborted) {
      await this.runOnce().catch((error) => {
        const level = error instanceof OutageError ? "warn" : "error";
        if (!signal.aborted) log[level]({ error }, "cannot look for missed statuses, trying again");
      });
      await sleep(everyMs / 2 + backoffMs(1, { baseMs: everyMs }), signal);
    }
  }

  /** One look; returns the shards of which a task was put. */
  async runOnce(): Promise<number[]> {
    const rung: number[] = [];
    for (let shard = 0; shard < this.#options.stream.numShards; shard++) {
      if (await this.#ring(shard)) rung.push(shard);
    }
    return rung;
  }

  /** Whether the stream holds states of the job that are not recorded yet. */
  async hasMore(jobId: string): Promise<boolean> {
    const { stream } = this.#options;
    const shard = stream.shardOf(jobId);
    for (let after = await this.#recorded(shard);;) {
      const reports = await stream.reports(shard, after);
      if (reports.some(({ event }) => event.job_id === jobId)) return true;
      const last = reports.at(-1);
      if (!last) return false;
      after = last.entryId;
    }
  }

  /** Puts a task of the newest state if the oldest that is not recorded should be: all between go with it. */
  async #ring(shard: number): Promise<boolean> {
    const { stream, queues, everyMs } = this.#options;
    const recorded = await this.#recorded(shard);
    const [oldest] = await stream.reports(shard, recorded);
    if (!oldest || !isOverdue(oldest.entryId, await stream.now(), everyMs)) return false;
    const newest = await stream.newest(shard, recorded) ?? oldest;
    const payload = { event: newest.event, entry_id: newest.entryId, requeued_from: newest.requeuedFrom };
    // An id of its own: the queue may remember the lost task by the usual one.
    await queues.put(shard, [{ id: `missed_${newest.entryId}`, payload }]);
    return true;
  }

  async #recorded(shard: number): Promise<string> {
    return await withOutage(
      "look up how far a shard is recorded",
      () => recordedUpTo(this.#options.sql, shard),
    );
  }
}

/** Whether an entry has been in its stream for longer than `graceMs`. */
export function isOverdue(entryId: string, now: number, graceMs: number): boolean {
  const [enteredAt] = entryIdParts(entryId);
  return now - enteredAt > graceMs;
}
