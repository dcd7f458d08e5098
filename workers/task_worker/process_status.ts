/**
 * The task `ProcessJobStatus`: records the event through outages; an event that can never be recorded goes to
 * the dead letters, so that it does not stop those behind it.
 *
 * @module
 */
import { encodeStatusEvent } from "lib/event/codec.ts";
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { untilAvailable } from "lib/run/until_available.ts";
import type { DeadLetter } from "lib/stream/dead_letter.ts";
import type { ProcessJobStatus } from "lib/task/tasks.ts";
import type { Orders } from "./orders.ts";
import { recordStatus } from "./record_status.ts";
import type { Sql } from "lib/store/open.ts";

/** Tries of an event that fails for a reason of its own. */
const MAX_TRIES = 3;

/** What the task needs. */
export interface ProcessStatusContext {
  readonly sql: Sql;
  readonly orders: Pick<Orders, "give">;
  /** Called when something may be in the outbox. */
  readonly onRecorded: () => void;
  readonly bury: (letter: DeadLetter) => Promise<void>;
  readonly streamOf: (jobId: string) => string;
  readonly log: Logger;
  readonly now: () => number;
}

/** Does the task; rejects only if `signal` aborts before it is done. */
export async function processStatus(
  context: ProcessStatusContext,
  { task, shard }: { task: ProcessJobStatus; shard: number },
  signal: AbortSignal,
): Promise<void> {
  const stored = { event: task.event, entryId: task.entry_id };
  for (let tries = 1;; tries++) {
    try {
      const order = await untilAvailable(
        () => recordStatus(context.sql, stored, { shard, now: context.now() }),
        { signal, log: context.log },
      );
      context.onRecorded();
      return await context.orders.give(order);
    } catch (error) {
      if (error instanceof OutageError || signal.aborted) throw error;
      if (tries >= MAX_TRIES) return await bury(context, task, { error, tries });
      await sleep(backoffMs(tries), signal);
    }
  }
}

async function bury(
  context: ProcessStatusContext,
  { event, entry_id }: ProcessJobStatus,
  { error, tries }: { error: unknown; tries: number },
): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  context.log.error({ job_id: event.job_id, entry: entry_id, error }, "status cannot be recorded, it goes to the dead letters");
  await context.bury({
    data: encodeStatusEvent(event),
    reason: "cannot be recorded",
    error: why,
    originStream: context.streamOf(event.job_id),
    originId: entry_id,
    deliveries: tries,
    at: context.now(),
  });
}
