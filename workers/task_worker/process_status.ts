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
import type { Sql } from "lib/store/open.ts";
import type { DeadLetter } from "lib/stream/dead_letter.ts";
import type { ProcessJobStatus } from "lib/task/tasks.ts";
import type { Orders } from "./orders.ts";
import { recordStatus } from "./record_status.ts";

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

/** Does the task, however long it takes; rejects only if `signal` aborts before it is done. */
export async function processStatus(
  context: ProcessStatusContext,
  { task, shard }: { task: ProcessJobStatus; shard: number },
  signal: AbortSignal,
): Promise<void> {
  const stored = { event: task.event, entryId: task.entry_id };
  const patiently = <T>(call: () => Promise<T>) => untilAvailable(call, { signal, log: context.log });
  let buried: DeadLetter | null = null;
  for (let failures = 0;;) {
    try {
      const letter = buried;
      if (letter) return await patiently(() => context.bury(letter));
      const order = await patiently(() => recordStatus(context.sql, stored, { shard, now: context.now() }));
      context.onRecorded();
      return await patiently(() => context.orders.give(order));
    } catch (error) {
      if (error instanceof OutageError || signal.aborted) throw error;
      failures++;
      context.log.error(
        { job_id: task.event.job_id, entry: task.entry_id, failures, error },
        "a status cannot be recorded",
      );
      if (isOfTheEvent(error) && failures >= MAX_TRIES) {
        buried ??= deadLetter(context, task, { error, tries: failures });
      }
      await sleep(backoffMs(failures), signal);
    }
  }
}

/**
 * Whether another event might fare better. Of what Postgres refuses, only values it cannot hold (SQLSTATE classes
 * 22, 23 and 54) are the event's: a wrong password or a missing table concern all events, and wait for somebody
 * to put them right.
 */
function isOfTheEvent(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error)) return true;
  return /^(22|23|54)...$|^UNDEFINED_VALUE$/.test(String(error.code));
}

function deadLetter(
  context: Pick<ProcessStatusContext, "streamOf" | "now">,
  { event, entry_id }: ProcessJobStatus,
  { error, tries }: { error: unknown; tries: number },
): DeadLetter {
  return {
    data: encodeStatusEvent(event),
    reason: "cannot be recorded",
    error: error instanceof Error ? error.message : String(error),
    originStream: context.streamOf(event.job_id),
    originId: entry_id,
    deliveries: tries,
    at: context.now(),
  };
}
