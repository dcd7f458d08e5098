/**
 * Event ids and times as the wire contract defines them (wire.md §2 to §4), worked out here once more: the checker
 * shares no code with what it checks.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** The id of a state. `timestamp` is in the wire's form. */
export function statusId(jobId: string, jobType: string, status: string, timestamp: string): string {
  return hashed(`${jobId}:${jobType}:${status}:${timestamp.replace("T", " ")}`);
}

/** The id of a line, the `repeat`th equal one at its time. */
export function lineId(
  event: {
    job_id: string;
    job_type: string;
    container_name: string;
    stream: string;
    timestamp: string;
    line: string;
  },
  repeat: number,
): string {
  const { job_id, job_type, container_name, stream, timestamp, line } = event;
  const tail = repeat > 1 ? `:${repeat}` : "";
  return hashed(
    `${job_id}:${job_type}:${container_name}:${stream}:${timestamp.replace("T", " ")}:${line}${tail}`,
  );
}

/** The id of a line of a workflow's history (wire.md §4). */
export function workflowId(
  event: {
    job_id: string;
    current_step: string;
    current_step_status: string;
    workflow_status: string;
    error?: string | null;
    attempt?: number;
  },
): string {
  const { job_id, current_step, current_step_status, workflow_status, error, attempt } = event;
  const job = attempt === undefined ? job_id : `${job_id}#${attempt}`;
  return hashed([job, current_step, current_step_status, workflow_status, error ?? ""].join("|"));
}

/** A time of the engine (UTC, up to nanoseconds) in the wire's form: microseconds, cut off, and only if not zero. */
export function wireTime(engineTime: string): string {
  const [, seconds = "", fraction = ""] = /^(\S{19})(?:\.(\d+))?Z$/.exec(engineTime) ?? [];
  const micros = fraction.padEnd(6, "0").slice(0, 6);
  return `${seconds}${micros === "000000" ? "" : `.${micros}`}+00:00`;
}

function hashed(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 24);
}
