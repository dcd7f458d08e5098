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

/** Id of a workflow event (wire.md §4). It does not depend on the time. */
export function workflowEventId(
  fact: {
    job_id: string;
    current_step: string;
    current_step_status: string;
    workflow_status: string;
    error: string | null;
  },
): string {
  return digest(
    [fact.job_id, fact.current_step, fact.current_step_status, fact.workflow_status, fact.error ?? ""].join(
      "|",
    ),
  );
}

/** First 24 hex digits of the text's SHA-256. */
function digest(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 24);
}
