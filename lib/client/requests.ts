/**
 * What requests may say. Plain types: they leave nothing behind in JavaScript.
 *
 * @module
 */
import type { JobType, WorkflowStatus } from "./job_events.ts";

/** What a job is to run. */
export interface JobParams {
  /** Name of the container image. */
  readonly image: string;
  /** The program and what always follows it. */
  readonly entrypoint: readonly string[];
  readonly type?: "ds" | "fs" | "ts" | undefined;
  readonly args?: readonly string[] | undefined;
  /** Paths within the store. */
  readonly input_dirs?: string | readonly string[] | undefined;
  readonly output_dir?: string | undefined;
  /** Thousandths of a CPU. */
  readonly cpu_limit?: number | undefined;
  /** MiB. */
  readonly memory_limit?: number | undefined;
  readonly gpu_limit?: number | undefined;
  readonly number_of_workers?: number | undefined;
  /** `KEY=VALUE`. */
  readonly env?: readonly string[] | undefined;
  readonly auid?: string | undefined;
}

/** A part of a log. */
export interface LogQuery {
  readonly type?: JobType | undefined;
  readonly stream?: "stdout" | "stderr" | undefined;
}

/** A page of a log, by one of `offset`, `after`, `before` and `tail`. */
export interface LogPageQuery extends LogQuery {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** `next` of another page: the lines that follow it. */
  readonly after?: string | undefined;
  /** `prev` of another page: the lines that precede it. */
  readonly before?: string | undefined;
  /** The last so many lines. */
  readonly tail?: number | undefined;
}

/** What is looked for in a log. */
export interface LogSearchQuery extends LogQuery {
  /** A text, or with `regex` a regular expression. */
  readonly q: string;
  readonly regex?: boolean | undefined;
  readonly ignore_case?: boolean | undefined;
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** What is downloaded. */
export interface LogDownloadQuery extends LogQuery {
  /** Each line begins with its time. */
  readonly timestamps?: boolean | undefined;
}

/** Which jobs to list. */
export interface JobsQuery {
  /** Only workflows in one of these states. */
  readonly status?: readonly WorkflowStatus[] | undefined;
  /** Text in the job's id or image. */
  readonly q?: string | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** Most jobs of a page. */
  readonly limit?: number | undefined;
}

/** What may be said with a request to cancel. */
export interface CancelParams {
  /** Why; the job's attempts show it. */
  readonly reason?: string | null | undefined;
}

/** What may be said with a request to retry. */
export interface RetryParams extends CancelParams {
  /** The attempt that was seen to fail: if a later one has begun, the request changes nothing. */
  readonly after_attempt?: number | null | undefined;
}

/** Which confirmations. */
export interface ConfirmationsQuery {
  /** `next` of the page before; 0 for all there are. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
  /** Seconds (at most 25) that the answer may wait for a confirmation if there is none yet. */
  readonly wait?: number | undefined;
}
