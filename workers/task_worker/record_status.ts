/**
 * A status event into Postgres: history, current status, confirmation and the workflow's next step, in one
 * transaction (architecture.md §5.4).
 *
 * A Redis that lost its latest entries has the event forwarder tell the lives of containers again. Mostly that is
 * known and changes nothing. Two things it may not do:
 * - It may not give a container a second end: one that was removed meanwhile is told to have vanished, although its
 *   end is on record (G6).
 * - It may not leave a life in disorder: a state that was in hand when Redis lost the ones before it is recorded all
 *   the same, as its container may be gone and nobody would tell it again. If it is told again, behind the others, it
 *   moves there, and its confirmation goes out behind it once more (G4).
 *
 * @module
 */
import { statusEventId } from "lib/event/event_id.ts";
import { type ConfirmedStatus, isConfirmation, isTerminal, type StatusEvent } from "lib/event/status.ts";
import { type StepResult, stepResult } from "lib/job/verdict.ts";
import { isOfEarlierAttempt } from "lib/store/control.ts";
import type { Sql } from "lib/store/open.ts";
import { addToOutbox, sendAgain } from "lib/store/outbox.ts";
import {
  insertStatus,
  isRefuted,
  moveBehindEarlier,
  type StoredStatus,
  upsertCurrentStatus,
} from "lib/store/status_history.ts";
import { noteProgress } from "lib/store/status_progress.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { lockJob } from "lib/store/workflows.ts";
import { applyFact, type Order } from "./apply_fact.ts";

/** Records the event and returns the order that follows from it, if any. Recording it again changes no fact. */
export async function recordStatus(
  sql: Sql,
  stored: StoredStatus,
  { shard, now }: { shard: number; now: number },
): Promise<Order | null> {
  const { event, entryId } = stored;
  if (isConfirmation(event.status)) return null; // tells of a record, and is none
  return await inTransaction(sql, "record a status", async (tx) => {
    await lockJob(tx, event.job_id);
    await noteProgress(tx, shard, entryId);
    if (await isRefuted(tx, event)) return null;
    const confirmation = confirmationOf(event);
    if (!await insertStatus(tx, stored)) {
      if (await moveBehindEarlier(tx, stored) && confirmation) await sendAgain(tx, confirmation);
      return null;
    }
    await upsertCurrentStatus(tx, event);
    if (confirmation) await addToOutbox(tx, { stream: "status", event: confirmation });
    return await applyEnd(tx, event, now);
  });
}

/**
 * Ends the event's step, if that is what it says, in a transaction that has locked the job. What is told of containers
 * of earlier attempts at the job is recorded, but says nothing about this one. Returns the order that follows. `now`
 * is ms since 1970.
 */
export async function applyEnd(tx: Sql, event: StatusEvent, now: number): Promise<Order | null> {
  const result = resultOf(event);
  if (result === null || await isOfEarlierAttempt(tx, event)) return null;
  const outcome = { step: event.job_type, result, error: event.reason?.text ?? null };
  return await applyFact(tx, event.job_id, { kind: "stepEnded", outcome }, {
    at: now,
    endedAt: new Date(event.timestamp),
    exitCode: event.exit_code,
    reason: event.reason ?? null,
  });
}

/**
 * What the event means for its step; null if the step goes on. A container that has not started says nothing,
 * even if the runtime could not start it, or if it is gone: whoever ordered it sees that too, and decides whether
 * to try again.
 */
export function resultOf(event: StatusEvent): StepResult | null {
  const { status, previous_status, reason = null } = event;
  if (isConfirmation(status) || status === "notStarted") return null;
  if (status === "undefined" && previous_status === "notStarted") return null;
  return stepResult(status, reason);
}

/**
 * The confirmation of a terminal state (wire.md §2): same job, container, exit code and timestamp, so its id is
 * as deterministic as the event's own. Null for a state that may still change.
 */
export function confirmationOf(event: StatusEvent): StatusEvent | null {
  if (!isTerminal(event.status)) return null;
  const status: ConfirmedStatus = `confirmed_${event.status}`;
  const fact = { job_id: event.job_id, job_type: event.job_type, status, timestamp: event.timestamp };
  return {
    ...event,
    event_id: statusEventId(fact),
    status,
    previous_status: event.status,
    message: "confirmed",
  };
}
