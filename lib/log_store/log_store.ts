/**
 * The port behind which log lines are kept. Two implementations, one suite both pass (`log_store_suite.ts`).
 *
 * @module
 */
import type { LogEvent } from "../event/log.ts";
import type { Pattern } from "./pattern/pattern.ts";

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
  /** `stdout` or `stderr`. */
  readonly stream?: string;
  /** Whether end-of-stream markers are wanted too. @default false */
  readonly withMarkers?: boolean;
}

/** Which lines of a job are looked at. */
export type LineFilter = Pick<LogRange, "jobType" | "stream">;

/** A line's place in the order of its job, also among lines of one entry id. */
export interface LinePlace {
  readonly entryId: string;
  readonly eventId: string;
}

/** A line of a filtered log, as a page remembers it. */
export interface LineMark extends LinePlace {
  /** How many lines come before it. */
  readonly offset: number;
  /** How many lines there were, up to the one of `countedTo`: only later ones need to be counted again. */
  readonly total: number;
  readonly countedTo: string;
}

/** Which lines a page shows: at most `limit`, from one place on or up to it. */
export interface PageRequest extends LineFilter {
  readonly limit: number;
  readonly from:
    | { readonly offset: number }
    | { readonly tail: true }
    | { readonly after: LineMark }
    | { readonly before: LineMark };
}

/** A page of lines, oldest first. It has fewer than were asked for if they are long. */
export interface LogPage {
  readonly lines: StoredLog[];
  /** How many lines come before the first one of these. */
  readonly offset: number;
  /** How many lines there are, markers not counted. */
  readonly total: number;
  /** The place of the last line that was counted, as a mark wants it. */
  readonly countedTo: string;
}

/** A match, as the next page of a search needs it. */
export interface MatchMark extends LinePlace {
  /** The line's number, counted from 1 over all lines of the job. */
  readonly number: number;
  /** Matches up to this one. */
  readonly seen: number;
  /** What the first page counted. */
  readonly total: number;
  readonly totalIsExact: boolean;
}

/** What is searched. */
export interface SearchRequest extends LineFilter {
  /** Tried on lines as stores hold them: NUL as \u2400, half a surrogate pair as U+FFFD. */
  readonly pattern: Pattern;
  readonly limit: number;
  readonly after?: MatchMark;
}

/** A page of matches, oldest first. */
export interface SearchPage {
  readonly matches: { readonly number: number; readonly stored: StoredLog }[];
  /** Matching lines of the whole log; at least that many if not exact, as counting took too long. */
  readonly total: number;
  readonly totalIsExact: boolean;
  /** Where the next page begins; null when all matches were shown. */
  readonly next: MatchMark | null;
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
  /** One page for the REST API, markers left out. @throws {OutageError} */
  page(jobId: string, request: PageRequest): Promise<LogPage>;
  /**
   * One page of the lines that match.
   *
   * @throws {SearchLimitError} when it takes too long, or too many searches wait.
   * @throws {OutageError}
   */
  search(jobId: string, request: SearchRequest): Promise<SearchPage>;
  /** Resolves when the store answers. @throws {OutageError} */
  ping(): Promise<void>;
}
