/**
 * Deterministic ids (architecture.md §5.1): the same fact always gets the same id, whoever reports it,
 * so that every stage may drop repeats by id.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { hashedTimestamp } from "./timestamp.ts";

/** Id of a status event (wire.md §2). `timestamp` is in the wire's form. */
export function statusEventId(
  fact: { job_id: string; job_type: string; status: string; timestamp: string },
): string {
  return digest(`${fact.job_id}:${fact.job_type}:${fact.status}:${hashedTimestamp(fact.timestamp)}`);
}

/**
 * Id of a log event (wire.md §3). `repeat` counts equal lines with equal timestamps of one stream, from 1:
 * two such lines are two lines, so from the second on the count becomes part of the hashed text.
 */
export function logEventId(
  fact: {
    job_id: string;
    job_type: string;
    container_name: string;
    stream: string;
    timestamp: string;
    line: string;
  },
  repeat = 1,
): string {
  return logEventIds(fact)(fact.stream, fact.timestamp, fact.line, repeat);
}

/** {@linkcode logEventId} for the lines of one container. */
export function logEventIds(
  { job_id, job_type, container_name }: { job_id: string; job_type: string; container_name: string },
): (stream: string, timestamp: string, line: string, repeat: number) => string {
  const source = `${job_id}:${job_type}:${container_name}`;
  return (stream, timestamp, line, repeat) =>
    digest(`${source}:${stream}:${hashedTimestamp(timestamp)}:${line}${repeat > 1 ? `:${repeat}` : ""}`);
}

/**
 * Id of a workflow event (wire.md §4). It does not depend on the time. A job that is retried comes to the same steps
 * again, which are other facts: from the second attempt on, `#{attempt}` follows the job id in the hashed text. No
 * job id has a `#`.
 */
export function workflowEventId(
  fact: {
    job_id: string;
    current_step: string;
    current_step_status: string;
    workflow_status: string;
    error: string | null;
    attempt?: number | undefined;
  },
): string {
  const { job_id, attempt = 1, current_step, current_step_status, workflow_status, error } = fact;
  const job = attempt > 1 ? `${job_id}#${attempt}` : job_id;
  return digest([job, current_step, current_step_status, workflow_status, error ?? ""].join("|"));
}

/** First 24 hex digits of the text's SHA-256. */
function digest(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 24);
}
