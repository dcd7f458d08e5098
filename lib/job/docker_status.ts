/**
 * A Docker container's state as pfcon and CUBE name it, and why it ended so (wire.md §7).
 *
 * @module
 */
import type { JobStatus, Reason } from "../event/status.ts";
import { exitReason, exitText } from "./exit_reason.ts";

/** The `State` of an inspected container, as far as it matters here; the Engine's own field names. */
export interface DockerState {
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly Status: string;
  readonly Running: boolean;
  readonly Paused?: boolean;
  readonly OOMKilled?: boolean;
  readonly Dead?: boolean;
  readonly ExitCode?: number;
  /** What the Engine says about a start that failed; else empty. */
  readonly Error?: string;
  /** RFC 3339; year 1 if it never started. */
  readonly StartedAt?: string;
  /** RFC 3339; year 1 if it never finished. Of an earlier run if the container was started again. */
  readonly FinishedAt?: string;
}

/** The state's name on the wire. The first rule that matches counts; pfcon has the same order. */
export function dockerStatus(state: DockerState): JobStatus {
  if (state.Running || state.Paused) return "started";
  if (state.Status === "created") return "notStarted";
  if (state.OOMKilled || state.Dead) return "finishedWithError";
  if (state.Status === "exited") return state.ExitCode === 0 ? "finishedSuccessfully" : "finishedWithError";
  return "undefined";
}

/**
 * Whether the Engine tried to start the container and could not (no such command, bad mount …). Such a
 * container stays in `created` and is `notStarted` for ever.
 */
export function startFailed(state: DockerState): boolean {
  return state.Status === "created" && !state.Running && Boolean(state.ExitCode || state.Error);
}

/** Why the container is not running and did not succeed; null while it may still run, and after success. */
export function dockerReason(state: DockerState): Reason | null {
  const code = state.ExitCode ?? 0;
  if (startFailed(state)) {
    return { code: "start-failed", text: `could not be started: ${state.Error || exitText(code)}` };
  }
  if (dockerStatus(state) !== "finishedWithError") return null;
  if (state.OOMKilled) {
    return { code: "oom-killed", text: `ran out of memory and was killed: ${exitText(code)}` };
  }
  if (state.Dead) {
    return { code: "exit", text: `is dead (the Engine could not remove all of it): ${exitText(code)}` };
  }
  return exitReason(code);
}
