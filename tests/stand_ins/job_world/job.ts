/**
 * What is true of jobs, whoever knows of it: their containers with their states and lines, as a runtime tells them.
 *
 * @module
 */
import { logEventId, statusEventId } from "lib/event/event_id.ts";
import type { LogEvent } from "lib/event/log.ts";
import type { JobStatus, JobType, StatusEvent } from "lib/event/status.ts";
import { wireTimestampOf } from "lib/event/timestamp.ts";

/** A container with all that it did so far. */
export interface WorldContainer {
  readonly id: string;
  readonly jobId: string;
  readonly step: JobType;
  readonly attempt: number;
  readonly life: StatusEvent[];
  /** Lines, and the end-of-stream marker after them. */
  readonly log: LogEvent[];
  /** Whether the runtime has forgotten it. */
  removed: boolean;
}

/** A container that was just created, number `n` of all. */
export function createContainer(
  { n, jobId, step, attempt, at }: { n: number; jobId: string; step: JobType; attempt: number; at: number },
): WorldContainer {
  const id = n.toString(16).padStart(5, "0").padEnd(64, "f");
  const container = { id, jobId, step, attempt, life: [], log: [], removed: false };
  enter(container, "notStarted", at);
  return container;
}

/** It prints a line. */
export function print(container: WorldContainer, at: number): void {
  const seq = container.log.length + 1;
  addToLog(container, { line: `${container.step} ${container.attempt} line ${seq}`, eos: false, seq, at });
}

/** Its next state: started, then ended, `well` or not. */
export function goOn(container: WorldContainer, well: boolean, at: number): void {
  if (hasEnded(container)) return;
  if (container.life.length === 1) return enter(container, "started", at);
  enter(container, well ? "finishedSuccessfully" : "finishedWithError", at);
  addToLog(container, { line: "", eos: true, seq: container.log.length, at });
}

/** Whether it is running. */
export function isRunning({ life }: WorldContainer): boolean {
  return life.length === 2;
}

/** Whether it has ended. */
export function hasEnded({ life }: WorldContainer): boolean {
  return life.length === 3;
}

function enter({ id, jobId, step, life }: WorldContainer, status: JobStatus, at: number): void {
  const fact = { job_id: jobId, job_type: step, status, timestamp: wireTimestampOf(at) };
  life.push({
    event_id: statusEventId(fact),
    ...fact,
    previous_status: life.at(-1)?.status ?? null,
    image: "image",
    cmd: "",
    message: "",
    exit_code: null,
    source: "docker",
    container_id: id,
  });
}

function addToLog(
  { id, jobId, step, log }: WorldContainer,
  { at, ...line }: { line: string; eos: boolean; seq: number; at: number },
): void {
  const fact = {
    job_id: jobId,
    job_type: step,
    container_name: `${jobId}-${step}`,
    stream: line.eos ? "" as const : "stdout" as const,
    timestamp: wireTimestampOf(at),
    line: line.line,
  };
  log.push({ event_id: logEventId(fact), ...fact, eos: line.eos, container_id: id, seq: line.seq });
}
