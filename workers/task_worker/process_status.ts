/**
 * The task `ProcessJobStatus`: records what the shard's stream says up to the task's event, through outages; an
 * event that can never be recorded goes to the dead letters, so that it does not stop those behind it.
 *
 * @module
 */
import { encodeStatusEvent } from "lib/event/codec.ts";
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { untilAvailable } from "lib/run/until_available.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import type { StoredStatus } from "lib/store/status_history.ts";
import { noteProgress, recordedUpTo } from "lib/store/status_progress.ts";
import type { DeadLetter } from "lib/stream/dead_letters/dead_letter.ts";
import { compareEntryIds } from "lib/stream/entry_id.ts";
import type { ProcessJobStatus } from "lib/task/tasks.ts";
import type { Orders } from "./orders.ts";
import { recordStatus } from "./record_status.ts";
import type { StatusStream } from "./status_stream.ts";

/** Tries of an event that fails for a reason of its own. */
const MAX_TRIES = 3;

/** What the task needs. */
export interface ProcessStatusContext {
  readonly sql: Sql;
  readonly stream: Pick<StatusStream, "reports" | "key">;
  readonly orders: Pick<Orders, "give">;
  /** Called when something may be in the outbox. */
  readonly onRecorded: () => void;
  readonly deadLetter: (letter: DeadLetter) => Promise<void>;
  readonly log: Logger;
  readonly now: () => number;
}

/** A status of a shard. */
interface ShardStatus extends StoredStatus {
  readonly shard: number;
}

/**
 * Does the task, however long it takes; rejects only if `signal` aborts before it is done. States before it in the
 * stream that are not recorded yet, because their tasks got lost, are recorded first: the order of the stream holds
 * whatever the queue does.
 */
export async function processStatus(
  context: ProcessStatusContext,
  { task, shard }: { task: ProcessJobStatus; shard: number },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const missed = await untilAvailable(() => missedBefore(context, shard, task.entry_id), {
      signal,
      log: context.log,
    });
    if (missed.length === 0) break;
    context.log.warn(
      { shard, count: missed.length, first: missed[0]?.entryId },
      "recording statuses whose tasks got lost",
    );
    for (const stored of missed) await recordOrDeadLetter(context, { ...stored, shard }, signal);
  }
  const { event, entry_id: entryId, requeued_from: requeuedFrom } = task;
  await recordOrDeadLetter(context, { event, entryId, requeuedFrom, shard }, signal);
}

/** States before `entryId` that are not recorded, oldest first: a page of them, none if there are no more. */
async function missedBefore(
  { sql, stream }: Pick<ProcessStatusContext, "sql" | "stream">,
  shard: number,
  entryId: string,
): Promise<StoredStatus[]> {
  const recorded = await withOutage("look up how far a shard is recorded", () => recordedUpTo(sql, shard));
  return compareEntryIds(recorded, entryId) < 0 ? await stream.reports(shard, recorded, entryId) : [];
}

async function recordOrDeadLetter(
  context: ProcessStatusContext,
  stored: ShardStatus,
  signal: AbortSignal,
): Promise<void> {
  const { event, entryId, shard } = stored;
  const patiently = <T>(call: () => Promise<T>) => untilAvailable(call, { signal, log: context.log });
  let letter: DeadLetter | null = null;
  for (let failures = 0;;) {
    try {
      const dead = letter;
      if (dead) return await patiently(() => putAway(context, stored, dead));
      const order = await patiently(() => recordStatus(context.sql, stored, { shard, now: context.now() }));
      context.onRecorded();
      return await patiently(() => context.orders.give(order));
    } catch (error) {
      if (error instanceof OutageError || signal.aborted) throw error;
      failures++;
      context.log.error(
        { job_id: event.job_id, entry: entryId, failures, error },
        "a status cannot be recorded",
      );
      if (isOfTheEvent(error) && failures >= MAX_TRIES) {
        letter ??= letterOf(context, stored, { error, tries: failures });
      }
      await sleep(backoffMs(failures), signal);
    }
  }
}

/** Puts the letter away, then notes that its entry is dealt with, so that nobody takes it for one that was missed. */
async function putAway(
  { sql, deadLetter }: Pick<ProcessStatusContext, "sql" | "deadLetter">,
  { shard, entryId }: ShardStatus,
  letter: DeadLetter,
): Promise<void> {
  await deadLetter(letter);
  await withOutage("note that a status is dead-lettered", () => noteProgress(sql, shard, entryId));
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

function letterOf(
  { stream, now }: Pick<ProcessStatusContext, "stream" | "now">,
  { event, entryId, requeuedFrom, shard }: ShardStatus,
  { error, tries }: { error: unknown; tries: number },
): DeadLetter {
  return {
    data: encodeStatusEvent(event),
    reason: "cannot be recorded",
    error: error instanceof Error ? error.message : String(error),
    originStream: stream.key(shard),
    originId: requeuedFrom ?? entryId,
    deliveries: tries,
    at: now(),
  };
}
