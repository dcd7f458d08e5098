/**
 * The states of a container's life as the engine's record makes them, with the ids they must be told under. Pure.
 *
 * @module
 */
import type { JobContainer } from "./evidence.ts";
import { statusId, wireTime } from "./ids.ts";

/** A state that must be told. */
export interface State {
  readonly status: string;
  readonly timestamp: string;
  readonly eventId: string;
}

/** All states of its life, in order. */
export function statesOf(container: JobContainer): State[] {
  const { createdAt, startedAt, finishedAt } = container;
  const states: State[] = [];
  if (createdAt !== "") states.push(stateOf(container, "notStarted", createdAt));
  if (startedAt !== "") states.push(stateOf(container, "started", startedAt));
  const end = endOf(container);
  if (startedAt !== "" && finishedAt !== "" && end) states.push(end);
  return states;
}

/** The state it ended in; null if it has not. */
export function endOf(container: JobContainer): State | null {
  const { finishedAt, startedAt, exitCode } = container;
  if (finishedAt === "" || startedAt === "") return null;
  return stateOf(container, exitCode === 0 ? "finishedSuccessfully" : "finishedWithError", finishedAt);
}

/** The confirmation of that state. */
export function confirmationOf(container: JobContainer): State | null {
  const end = endOf(container);
  return end && stateOf(container, `confirmed_${end.status}`, container.finishedAt);
}

function stateOf({ jobId, step }: JobContainer, status: string, engineTime: string): State {
  const timestamp = wireTime(engineTime);
  return { status, timestamp, eventId: statusId(jobId, step, status, timestamp) };
}

/** Whether an event is a confirmation. */
export function isConfirmation(event: { status?: unknown } | null): boolean {
  return String(event?.status).startsWith("confirmed_");
}
