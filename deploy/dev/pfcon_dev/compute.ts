/**
 * Containers as pfcon describes them; pure.
 *
 * @module
 */
import { shellJoin } from "./shell_join.ts";

/** What the engine says about a container, as far as it is used here. */
export interface Inspected {
  readonly Id: string;
  /** With a leading slash. */
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly OOMKilled: boolean;
    readonly Dead: boolean;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
  readonly Config: {
    readonly Image: string;
    readonly Cmd: string[] | null;
    readonly Labels: Record<string, string> | null;
  };
}

/** The `compute` object of an answer. */
export interface Compute {
  readonly jid: string;
  readonly image: string;
  readonly cmd: string;
  readonly status: Status;
  readonly message: string;
  readonly timestamp: string;
  readonly logs: string;
}

/** What pfcon makes of a container's state. */
export type Status = "notStarted" | "started" | "finishedSuccessfully" | "finishedWithError" | "undefined";

/** Whether this state will never change. */
export function isFinished(status: Status): boolean {
  return status === "finishedSuccessfully" || status === "finishedWithError";
}

/** pfcon's word for a container's state. */
export function statusOf(state: Inspected["State"]): Status {
  if (state.Running || state.Paused) return "started";
  if (state.Status === "created") return "notStarted";
  if (state.OOMKilled || state.Dead) return "finishedWithError";
  if (state.Status === "exited") return state.ExitCode === 0 ? "finishedSuccessfully" : "finishedWithError";
  return "undefined";
}

/** How the engine writes a time that has not come. */
const NEVER = "0001-01-01T00:00:00Z";

/** Describes a container. */
export function computeOf(jid: string, { State, Config }: Inspected, logs: string): Compute {
  return {
    jid,
    image: Config.Image,
    cmd: shellJoin(Config.Cmd ?? []),
    status: statusOf(State),
    message: State.Status,
    timestamp: State.FinishedAt === NEVER ? State.StartedAt : State.FinishedAt,
    logs,
  };
}

/** Describes a step that this storage does not need. */
export function skipped(jid: string, step: string): Compute {
  const message = `${step}Skipped`;
  return { jid, image: "", cmd: "", status: "finishedSuccessfully", message, timestamp: "", logs: "" };
}
