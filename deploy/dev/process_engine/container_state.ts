/**
 * What a container is doing, and what may follow. Pure.
 *
 * @module
 */
import type { RunEnd } from "./process_run.ts";

/** Moments in nanoseconds since 1970; `null` is never. */
export interface ContainerState {
  readonly status: "created" | "running" | "exited";
  /** 0 unless running. */
  readonly pid: number;
  readonly exitCode: number;
  /** Why the latest start failed, or empty. */
  readonly error: string;
  readonly startedNanos: bigint | null;
  readonly finishedNanos: bigint | null;
}

/** The state of a container that has never run. */
export const CREATED: ContainerState = {
  status: "created",
  pid: 0,
  exitCode: 0,
  error: "",
  startedNanos: null,
  finishedNanos: null,
};

/** The process runs. The end of an earlier run stays to be seen until this one ends. */
export function running(state: ContainerState, pid: number, startedNanos: bigint): ContainerState {
  return { ...state, status: "running", pid, exitCode: 0, error: "", startedNanos };
}

/** The process has ended. */
export function exited(state: ContainerState, { exitCode, finishedNanos }: RunEnd): ContainerState {
  return { ...state, status: "exited", pid: 0, exitCode, finishedNanos };
}

/** A start failed: the status remains, the reason shows. */
export function notStarted(state: ContainerState, exitCode: number, error: string): ContainerState {
  return { ...state, exitCode, error };
}
