/**
 * An entry on its way to clients: decoded once, shared by all of them.
 *
 * @module
 */
import type { StreamEntry } from "lib/stream/tail.ts";
import { type Step, stepOfLog, stepOfStatus } from "./marks.ts";
import type { Kind } from "./position.ts";

/** See the module's description. */
export interface Entry {
  readonly kind: Kind;
  /** Its place in the history of its job. */
  readonly id: string;
  /** The event as compact JSON: one line. */
  readonly data: string;
  readonly eventId: string;
  /** Where it stands in the life of its container; null if it does not say so. */
  readonly step: Step | null;
  readonly jobType: string;
  /** Of a workflow event: whether it says that the workflow is over. */
  readonly over: boolean;
  /** See `StreamEntry.traceparent`. */
  readonly traceparent?: string | undefined;
}

/** The job in the data of an entry; null if they are no event. Cheap: nothing else is looked at. */
export function jobIdOf(data: string): string | null {
  const usual = /^\{"event_id":"[^"\\]*","job_id":"([^"\\]*)"/.exec(data)?.[1];
  if (usual !== undefined) return usual;
  const event = parsed(data);
  return typeof event?.job_id === "string" ? event.job_id : null;
}

/** An entry of a stream; null if its data are no event of the job. */
export function decodeEntry(
  kind: Kind,
  { position, data, traceparent }: Omit<StreamEntry, "id">,
  jobId: string,
): Entry | null {
  const event = parsed(data);
  if (event?.job_id !== jobId) return null;
  const entry = entryOf(kind, position, event, /[\r\n]/.test(data) ? JSON.stringify(event) : data);
  return traceparent === undefined ? entry : { ...entry, traceparent };
}

/** An entry whose event is at hand. */
export function entryOf(
  kind: Kind,
  id: string,
  event: Readonly<Record<string, unknown>>,
  data: string,
): Entry {
  return {
    kind,
    id,
    data,
    eventId: String(event.event_id),
    step: kind === "logs" ? stepOfLog(event) : kind === "status" ? stepOfStatus(event) : null,
    jobType: typeof event.job_type === "string" ? event.job_type : "",
    over: kind === "workflow" && event.current_step === "completed",
  };
}

function parsed(data: string): Record<string, unknown> | null {
  try {
    const event = JSON.parse(data);
    return typeof event === "object" && event !== null ? event : null;
  } catch {
    return null;
  }
}
