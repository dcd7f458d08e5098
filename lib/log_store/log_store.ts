/**
 * The port behind which log lines are kept. Two implementations, one suite both pass (`log_store_suite.ts`).
 *
 * @module
 */
import type { LogEvent } from "../event/log.ts";

/** A log event together with the id of the stream entry it came from: its place in the order of the job. */
export interface StoredLog {
  /** `ms-seq` in the job's log shard. */
  readonly entryId: string;
  readonly event: LogEvent;
}

/** Which part of a job's log is wanted. Without `after` and `before`: all of it. */
export interface LogRange {
  /** Only entries after this id (exclusive). */
  readonly after?: string;
  /** Only entries before this id (exclusive). */
  readonly before?: string;
  readonly jobType?: string;
  /** Whether end-of-stream markers are wanted too. @default false */
  readonly withMarkers?: boolean;
}

/**
 * Where log lines are kept for good.
 *
 * Order is always that of the stream entries. Writing the same event again (same `event_id`, whatever its
 * entry id) changes nothing that a reader can see.
 */
export interface LogStore extends AsyncDisposable {
  /** Makes the store usable: creates index or tables if missing. Safe from many processes at once. */
  prepare(): Promise<void>;
  /**
   * Resolves when every event is durable and found by readers. If it rejects, some events may be stored: writing
   * them again is harmless.
   *
   * @throws {OutageError} when the store is away or busy: the same call may succeed later.
   * @throws {UnstorableLogError} when the batch holds an event that can never be stored.
   */
  write(batch: readonly StoredLog[]): Promise<void>;
  /**
   * The job's entries of `range`, oldest first, in pages small enough to hold; ends when `signal` aborts.
   *
   * @throws {OutageError} while being read; the entries after the last one received may be asked for later.
   */
  read(
    jobId: string,
    range: LogRange,
    options?: { signal?: AbortSignal; pageSize?: number },
  ): AsyncIterable<StoredLog[]>;
  /**
   * One page for the REST API: `lines` from `offset` on, oldest first, markers left out. The further in, the longer
   * it takes: `read` does not.
   *
   * @throws {OutageError}
   */
  page(
    jobId: string,
    options: { limit: number; offset: number },
  ): Promise<{ total: number; lines: StoredLog[] }>;
  /** Resolves when the store answers. @throws {OutageError} */
  ping(): Promise<void>;
}
