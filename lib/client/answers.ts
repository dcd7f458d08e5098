/**
 * What the service answers. Plain types: they leave nothing behind in JavaScript. Times are ISO 8601.
 *
 * @module
 */
import type { LogEvent, Reason, StatusEvent, WorkflowStatus, WorkflowStep } from "./job_events.ts";

/** A job was accepted, now or before with the same parameters. */
export interface Submitted {
  readonly job_id: string;
  readonly status: "submitted" | "already_submitted";
}

/** A step of a workflow. */
export interface StepView {
  readonly step: string;
  readonly status: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly exit_code: number | null;
  readonly reason: Reason | null;
  /** What keeps a step that has not ended from going on. */
  readonly waiting_for: string | null;
}

/** Where a workflow stands. */
export interface WorkflowView {
  readonly job_id: string;
  readonly current_step: string;
  readonly status: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly error: string | null;
  /** Why its containers are kept; null if they are not, or not any more than usual. */
  readonly held: string | null;
  /** From 1; each retry begins another, of which `steps` are. */
  readonly attempt: number;
  /** Somebody asked for it to be cancelled, and that is not done yet. */
  readonly cancelling: boolean;
  readonly steps: readonly StepView[];
}

/** One state of one of a job's containers. */
export interface StatusView {
  readonly job_id: string;
  readonly job_type: string;
  readonly status: string;
  readonly image: string;
  readonly cmd: string;
  readonly message: string;
  readonly exit_code: number | null;
  readonly source: string;
  readonly event_id: string;
  readonly updated_at: string;
  readonly reason: Reason | null;
}

/** A job's states, oldest first. */
export interface StatusHistory {
  readonly job_id: string;
  readonly statuses: readonly StatusView[];
}

/** A page of a log, oldest line first. */
export interface LogHistory {
  readonly job_id: string;
  /** Lines there are (of the step and stream asked for). */
  readonly total: number;
  /** Lines before the first one of these. */
  readonly offset: number;
  readonly lines: readonly LogEvent[];
  /** Cursor for `after`; null if there are no more lines now. */
  readonly next: string | null;
  /** Cursor for `before`; null on the first page. */
  readonly prev: string | null;
}

/** A page of the lines that match, oldest first. */
export interface LogSearch {
  readonly job_id: string;
  /** Matching lines of the whole log, counted with the first page. */
  readonly total: number;
  /** False if counting took too long: then there are at least `total`. */
  readonly total_is_exact: boolean;
  /** `line_number` counts from 1 over all lines of the job. */
  readonly matches: readonly { readonly line_number: number; readonly line: LogEvent }[];
  /** Where the next page begins; null after the last match. */
  readonly next: string | null;
}

/** A job in a list. */
export interface ListedJob {
  readonly job_id: string;
  readonly status: WorkflowStatus;
  readonly current_step: WorkflowStep;
  /** Why its cleanup waits, while it does. */
  readonly held: string | null;
  readonly error: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly image: string | null;
}

/** A page of the list of jobs, newest first. */
export interface JobList {
  readonly jobs: readonly ListedJob[];
  /** Where the next page begins; null at the end of the list. A page may be short, or empty, before that. */
  readonly next: string | null;
}

/** A job is being cancelled (`cancelling`: it has yet to come to its end), or was so before. */
export interface Cancelled {
  readonly job_id: string;
  readonly status: "cancelling" | "cancelled";
  readonly attempt: number;
}

/** Another attempt at a job is under way, or was so before. */
export interface Retried {
  readonly job_id: string;
  readonly status: "retrying";
  readonly attempt: number;
}

/** Somebody's request that took effect. */
export interface AskedView {
  readonly action: "cancel" | "retry";
  readonly step: string;
  readonly by: string | null;
  readonly reason: string | null;
  readonly at: string;
}

/** One attempt at a job: what its steps came to, and what was asked while it was the last one. */
export interface AttemptView {
  readonly attempt: number;
  readonly steps: readonly StepView[];
  readonly asked: readonly AskedView[];
}

/** All attempts at a job, oldest first. */
export interface Attempts {
  readonly job_id: string;
  readonly attempts: readonly AttemptView[];
}

/** A confirmation with its number, which grows in the order of commits. */
export interface Confirmation extends StatusEvent {
  readonly seq: number;
}

/** A page of the confirmations. */
export interface Confirmations {
  readonly confirmations: readonly Confirmation[];
  /** What to give as `after` the next time, also when the page is empty. */
  readonly next: number;
}

/** Who has signed in. */
export interface SessionView {
  readonly subject: string | null;
  readonly scopes: readonly ("jobs:read" | "jobs:run" | "jobs:admin")[];
  readonly expires_at: string;
}

/** A shard of a stream, and how far its consumers have come. */
export interface ShardMetrics {
  readonly stream: string;
  /** Entries that the stream holds. */
  readonly xlen: number;
  /** Entries taken by a consumer and not acknowledged. */
  readonly pending: number;
  /** Entries that no consumer has taken yet; null if Redis cannot tell. */
  readonly lag: number | null;
  /** Age of the oldest entry not acknowledged (ms); null if there is none. */
  readonly oldest_pending_ms: number | null;
  /** The replica that owns the shard. */
  readonly owner: string | null;
  /** Entries ever trimmed before they were acknowledged. */
  readonly trimmed: number;
}

/** A stream with a consumer group and dead letters. */
export interface StreamMetrics {
  readonly shards: readonly ShardMetrics[];
  /** Dead letters. */
  readonly dlq_xlen: number;
}

/** How full the streams are. */
export interface Metrics {
  readonly status: StreamMetrics;
  readonly logs: StreamMetrics;
  readonly workflow: { readonly shards: readonly { readonly stream: string; readonly xlen: number }[] };
  /** Event streams open at the replica that answered. */
  readonly clients: number;
}
