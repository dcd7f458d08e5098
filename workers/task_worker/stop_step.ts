/**
 * Ends the current step of a workflow that is being cancelled.
 *
 * pfcon has one way to stop a container: DELETE, which kills and removes it, its log included (contract, §8). A running
 * container's log is never proven stored, so a strict reading of G5 would leave it running for days after its user
 * has cancelled it. The harm is kept as small as it can be instead:
 * - A container is stopped only once its start is recorded and every line that pfcon shows of its log is in the log
 *   stream. If a forwarder is dead or behind, the step goes on, and says why, until that is so: nothing that could be
 *   had is lost.
 * - What it prints between that look and its death, and a line that has no end by then, reach the forwarder through the
 *   connection by which it follows the log; that they get through cannot be proven, and if Docker ends that connection
 *   first the last lines are lost.
 * - A container that has ended by itself is left to cleanup, which removes it once its log is proven stored, and so
 *   are all containers of the steps before.
 *
 * Under `CLEANUP_POLICY=quiescence` a container is stopped in any case some time after its workflow was cancelled.
 *
 * How the container ended is told by the runtime, recorded and confirmed as ever, and that is what ends the step.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { Compute } from "lib/pfcon/client.ts";
import { sleep } from "lib/run/sleep.ts";
import { withOutage } from "lib/store/open.ts";
import { isStartRecorded, NO_CONTAINERS, stepContainers } from "lib/store/step_containers.ts";
import { markStopped } from "lib/store/steps.ts";
import type { StepRecord, WorkflowRecord } from "lib/store/workflows.ts";
import type { Order } from "lib/task/order.ts";
import { endStep, type EndStepContext, noteOrdered, type StepTarget } from "./end_step.ts";
import { isLeftover } from "./leftover.ts";
import { lookUpPatiently } from "./look_up.ts";
import { isPassedOn } from "./passed_on.ts";
import type { PfconCalls } from "./pfcon_in_turn.ts";

/** Pause between two looks for lines that are not passed on yet (ms). */
const LOOK_AGAIN_MS = 100;

/** How steps of cancelled workflows are stopped; times in milliseconds. */
export interface StopSettings {
  /** The log stream of a job's shard. */
  readonly logStreamOf: (jobId: string) => string;
  /** Null: a container is stopped only when its lines are passed on. Else: in any case so long after the request. */
  readonly forceAfterMs: number | null;
  /** How long the log forwarder is given to catch up before the stop is put off. */
  readonly catchUpMs: number;
  /** How long after a container is gone the step ends without anybody having told how it ended. */
  readonly untoldMs: number;
  /** Whether states of the job are still on their way into the record. */
  readonly hasMore: (jobId: string) => Promise<boolean>;
}

/** What stopping a step needs. */
export interface StopStepContext extends EndStepContext {
  readonly redis: Redis;
  readonly pfcon: PfconCalls;
  /** How long a container that was made but does not run may still be about to start (ms). */
  readonly startGraceMs: number;
  readonly stop: StopSettings;
}

/** Something of a container is not told yet, so it is not stopped; that is tried again. */
export class StopHeldError extends Error {
  override readonly name = "StopHeldError";
}

/** A step of a workflow that is being cancelled. */
export interface StopTarget {
  readonly workflow: WorkflowRecord;
  readonly record: StepRecord;
}

/**
 * Stops the step's container if it runs, and ends the step if it has none. Returns the order that follows; null while
 * the container's end is awaited. Done again, as the sweep has it done, it changes nothing.
 *
 * @throws {StopHeldError}
 */
export async function stopStep(
  context: StopStepContext,
  { workflow, record }: StopTarget,
  signal: AbortSignal,
): Promise<Order | null> {
  const target = { jobId: workflow.jobId, step: record.step, attempt: workflow.attempt };
  const known = await lookUpPatiently(context.pfcon, target, { graceMs: context.startGraceMs, signal });
  if (known === null || await isLeftover(context.sql, target, known)) {
    return record.orderedAt || record.stoppedAt
      ? await whenGone(context, target)
      : await endStep(context, target, { result: "skipped", reason: null });
  }
  switch (known.status) {
    case "notStarted": // it has no log
      await context.pfcon.remove(record.step, workflow.jobId, signal);
      return await endStep(context, target, { result: "skipped", reason: null });
    case "started":
      await stopContainer(context, { target, known, workflow }, signal);
      return null;
    case "undefined": // it is being removed, or about to end; one that could not be removed is removed again
      if (known.message === "dead") await context.pfcon.remove(record.step, workflow.jobId, signal);
      return null;
    default:
      return await noteOrdered(context, target, known.status);
  }
}

/** Stops a running container, once its start and its lines are told. @throws {StopHeldError} */
export async function stopContainer(
  context: StopStepContext,
  { target, known, workflow }: {
    readonly target: StepTarget;
    readonly known: Compute;
    readonly workflow: WorkflowRecord;
  },
  signal: AbortSignal,
): Promise<void> {
  const { sql, pfcon, stop } = context;
  const { jobId, step } = target;
  if (!isForced(context, workflow)) {
    let missing = await untold(context, target, known);
    for (let waited = 0; missing !== null && waited < stop.catchUpMs; waited += LOOK_AGAIN_MS) {
      await sleep(LOOK_AGAIN_MS, signal);
      signal.throwIfAborted();
      missing = await untold(context, target, known);
    }
    if (missing !== null) throw new StopHeldError(`Cannot stop ${step} of job "${jobId}" yet: ${missing}`);
  }
  await withOutage("note that a step is stopped", () => markStopped(sql, target));
  await pfcon.remove(step, jobId, signal);
}

/** What is known of a running container here only, and would be lost with it; null if nothing. */
async function untold(
  { sql, redis, stop }: StopStepContext,
  target: StepTarget,
  { logs: tail }: Compute,
): Promise<string | null> {
  const { jobId, step } = target;
  const look = "look up a container";
  if (!await withOutage(look, () => isStartRecorded(sql, jobId, step))) {
    return "that it has started is not recorded; is the event forwarder running?";
  }
  const containers = await withOutage(look, () => stepContainers(sql, jobId));
  const container = containers.get(step) ?? NO_CONTAINERS;
  const isTold = await isPassedOn(redis, { target, container, stream: stop.logStreamOf(jobId), tail });
  return isTold ? null : "its last lines are not passed on; is the log forwarder running?";
}

/** Whether the policy has a container stopped even if its lines are not passed on. */
function isForced({ stop, now }: StopStepContext, { cancelledAt }: WorkflowRecord): boolean {
  return stop.forceAfterMs !== null && cancelledAt !== null &&
    now() - cancelledAt.getTime() >= stop.forceAfterMs;
}

/**
 * The runtime tells how a container ended. If it does not, as nobody was watching, the step ends all the same; but not
 * while what it told is only waiting to be recorded, or that would end a step of the next attempt.
 */
async function whenGone(context: StopStepContext, target: StepTarget): Promise<Order | null> {
  const { jobId, step } = target;
  const note = () => markStopped(context.sql, target);
  const goneMs = await withOutage("note that a step is stopped", note);
  if (goneMs < context.stop.untoldMs || await context.stop.hasMore(jobId)) return null;
  const text = `the ${step} container was stopped, and nobody saw how it ended`;
  return await endStep(context, target, { result: "undefined", reason: { code: "vanished", text } });
}
