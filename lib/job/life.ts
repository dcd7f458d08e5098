/**
 * The life of a container so far, told from one inspection of it (architecture.md §5.1). Times are the
 * container's own, so whoever tells the story, and whenever, tells the same.
 *
 * @module
 */
import { isTerminal, type JobStatus, type Reason } from "../event/status.ts";
import { wireTimestamp } from "../event/timestamp.ts";
import { dockerReason, type DockerState, dockerStatus } from "./docker_status.ts";

/** What an inspection of a Docker container says about its life; the Engine's own field names. */
export interface DockerFacts {
  /** RFC 3339. */
  readonly Created: string;
  readonly State: DockerState;
}

/** One state of a container's life: the part of a status event that the runtime knows. */
export interface LifeState {
  readonly status: JobStatus;
  /** The state before it, null for the first. */
  readonly previous_status: JobStatus | null;
  /** When it was entered, in the wire's form. */
  readonly timestamp: string;
  /** Null unless the container ran and ended. */
  readonly exit_code: number | null;
  /** The runtime's own word for the state, as pfcon reports it. */
  readonly message: string;
  readonly reason: Reason | null;
}

/**
 * Every state the container has been in, in order: `notStarted` when it was created, `started` if it ever was,
 * and its end if it has ended. The order of this list counts, not that of the times: Docker stamps the end of a
 * short process up to some milliseconds, on a busy machine seconds, *before* its start (seen on Engine 20.10).
 *
 * Not told: earlier runs of a container that was started again (the Engine forgets them), and an end that the
 * Engine does not know (a container between two runs, or removed while it was running).
 *
 * @throws {RangeError} if a time is not RFC 3339.
 */
export function statesOfLife(facts: DockerFacts): LifeState[] {
  const state = settled(facts.State);
  const states: LifeState[] = [];
  const enter = (status: JobStatus, at: string, rest: Partial<LifeState> & { message: string }) =>
    states.push({
      status,
      previous_status: states.at(-1)?.status ?? null,
      timestamp: wireTimestamp(at),
      exit_code: null,
      reason: null,
      ...rest,
    });

  const now = dockerStatus(state);
  enter("notStarted", facts.Created, {
    message: "created",
    reason: now === "notStarted" ? dockerReason(state) : null,
  });
  const startedAt = moment(state.StartedAt);
  if (startedAt && now !== "notStarted") enter("started", startedAt, { message: "running" });
  if (!isTerminal(now) || now === "undefined") return states;
  enter(now, moment(state.FinishedAt) ?? startedAt ?? facts.Created, {
    message: state.Status,
    exit_code: startedAt ? state.ExitCode ?? null : null,
    reason: dockerReason(state),
  });
  return states;
}

/**
 * While a container is being removed, and when its removal failed (`dead`), it is what it was before: told as
 * `exited` if it had ended and as `created` if it had never been started, so that nobody takes back what was told
 * before, and no end is told of what never ran.
 */
function settled(state: DockerState): DockerState {
  if (state.Running || (state.Status !== "removing" && state.Status !== "dead")) return state;
  if (moment(state.StartedAt) === null) return { ...state, Status: "created", Dead: false };
  return moment(state.FinishedAt) === null ? state : { ...state, Status: "exited", Dead: false };
}

/** Null for the year 1, which is how the Engine writes "never". */
function moment(time: string | undefined): string | null {
  return !time || time.startsWith("0001-01-01T") ? null : time;
}
