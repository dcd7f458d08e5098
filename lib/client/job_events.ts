/**
 * What a job's event stream tells. Plain types: they leave nothing behind in JavaScript.
 *
 * @module
 */

/** The containers that a job may have, one per step. */
export type JobType = "copy" | "plugin" | "upload" | "delete";

/** Why a container ended as it did: a code for programs, a sentence for people. */
export interface Reason {
  readonly code:
    | "exit"
    | "oom-killed"
    | "image-pull"
    | "config"
    | "evicted"
    | "deadline"
    | "node-lost"
    | "vanished"
    | "rejected-by-pfcon"
    | "start-failed";
  readonly text: string;
}

/** A state that a container can be in. */
export type JobStatus = "notStarted" | "started" | "finishedSuccessfully" | "finishedWithError" | "undefined";

/** A state, or the confirmation that a final one is kept durably. */
export type StatusWord =
  | JobStatus
  | `confirmed_${"finishedSuccessfully" | "finishedWithError" | "undefined"}`;

/** A container came into a state. */
export interface StatusEvent {
  readonly event_id: string;
  readonly job_id: string;
  readonly job_type: JobType;
  readonly status: StatusWord;
  readonly previous_status: StatusWord | null;
  readonly image: string;
  readonly cmd: string;
  readonly message: string;
  readonly exit_code: number | null;
  /** When it was so, by the container runtime (ISO 8601). */
  readonly timestamp: string;
  readonly source: "docker" | "kubernetes";
  readonly container_id?: string | undefined;
  readonly reason?: Reason | null | undefined;
}

/** A line of a container's output, or the marker after the last one. */
export interface LogEvent {
  readonly event_id: string;
  readonly job_id: string;
  readonly job_type: JobType;
  readonly container_name: string;
  /** What the process wrote between two newlines; not to be shown on a terminal as it is. */
  readonly line: string;
  /** Empty where the runtime does not tell the two apart. */
  readonly stream: "stdout" | "stderr" | "";
  /** True on the marker that follows the container's last line. */
  readonly eos: boolean;
  readonly timestamp: string;
  readonly container_id?: string | undefined;
  /** 1, 2, 3 … per container; on the marker the number of lines. */
  readonly seq?: number | undefined;
  /** Bytes that were no UTF-8 were replaced. */
  readonly lossy?: boolean | undefined;
  /** The line was cut: its original length in bytes. */
  readonly truncated?: number | undefined;
  /** Lines before this one may be missing: the runtime dropped them. */
  readonly gap?: boolean | undefined;
}

/** A step that a workflow is at, or `completed`. */
export type WorkflowStep = JobType | "cleanup" | "completed";

/** How a whole workflow stands. */
export type WorkflowStatus =
  | "running"
  | "finishedSuccessfully"
  | "finishedWithError"
  | "failed"
  | "cancelled";

/** A workflow moved. */
export interface WorkflowEvent {
  readonly event_id: string;
  readonly job_id: string;
  readonly current_step: WorkflowStep;
  readonly current_step_status: string;
  readonly workflow_status: WorkflowStatus;
  readonly error: string | null;
  readonly timestamp: string;
  /** Which attempt it tells of, from the second on. */
  readonly attempt?: number | undefined;
}

/** Something that was there once cannot be had any more. */
export interface GapNotice {
  readonly from?: string | null;
  readonly to?: string | null;
  readonly reason?: string;
}

/** What `events()` yields. `id` is where to resume after it (`from`). */
export type JobEvent =
  | { readonly kind: "status"; readonly id: string; readonly data: StatusEvent }
  | { readonly kind: "logs"; readonly id: string; readonly data: LogEvent }
  | { readonly kind: "workflow"; readonly id: string; readonly data: WorkflowEvent }
  /** All that was known when the stream began has been told; what follows is news. */
  | { readonly kind: "caught-up"; readonly id: string }
  | { readonly kind: "gap"; readonly id: string; readonly data: GapNotice }
  /** The workflow is over and all its log was told. Nothing follows. */
  | { readonly kind: "end"; readonly id: string };
