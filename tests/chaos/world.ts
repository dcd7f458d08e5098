/**
 * The system under attack, as the parts of the chaos harness see it: addresses that no fault touches, and what
 * went over the one border that has no public record, pfcon's.
 *
 * @module
 */

/** A call that reached pfcon, and what it was answered (not what a fault made of the answer). */
export interface PfconCall {
  /** ms since 1970. */
  readonly at: number;
  readonly method: string;
  /** Such as `/api/v1/copyjobs/`. */
  readonly path: string;
  /** Job id as pfcon was told (`jid`), without the step's suffix; null where the call names none. */
  readonly jobId: string | null;
  /** `copy`, `plugin`, `upload` or `delete`; null where the call names none. */
  readonly jobType: string | null;
  /** Status code of pfcon's own answer; null if a fault kept the call from reaching pfcon. */
  readonly status: number | null;
}

/** An entry that the harness itself added to a stream. */
export interface InjectedEntry {
  readonly stream: string;
  readonly id: string;
  /**
   * `duplicate` and `late` repeat an entry that was there before, as it was; `late` is older than entries of its
   * job that follow it. `poison` can never be handled: it must end in the dead letters.
   */
  readonly kind: "duplicate" | "late" | "poison";
  /** Its fields as they were given: bytes that are no text are kept as Latin-1. */
  readonly fields: Readonly<Record<string, string>>;
  /** `redisGeneration` when it was added. */
  readonly generation: number;
}

/** How a worker ended that was asked to with SIGTERM. */
export interface WorkerStop {
  readonly worker: string;
  readonly code: number;
  /** From the (first) signal to the end. */
  readonly ms: number;
  /** SIGTERMs sent: after a second one the end is at once, with 143 (unless it had ended already). */
  readonly signals: 1 | 2;
  /** How late the harness's own timers came meanwhile at most (ms). */
  readonly lateMs?: number;
}

/** The system, started; disposing stops all of it and leaves nothing. */
export interface World extends AsyncDisposable {
  /** Address of the web page and API, by way of no proxy. */
  readonly url: string;
  /** Addresses of all SSE services, that one first. */
  readonly urls: readonly string[];
  /** Redis by way of no proxy; it may be down, empty or restarted at any time. */
  readonly redisUrl: string;
  /** Postgres by way of no proxy; it may be down at any time. */
  readonly postgresUrl: string;
  /** The engine by way of no proxy. */
  readonly dockerHost: string;
  /** `key=value`: the label of this world's containers. */
  readonly label: string;
  /** An image with a shell. */
  readonly image: string;
  /** Settings of the streams: number of shards. */
  readonly shards: number;
  /** How often Redis lost everything, or may have lost its newest entries, so far. */
  readonly redisGeneration: number;
  /** All that the harness added to the streams so far. */
  readonly injected: readonly InjectedEntry[];
  /** Whether the harness added this entry. */
  wasInjected(stream: string, id: string): boolean;
  /** How workers ended that were asked to, so far. */
  readonly stops: readonly WorkerStop[];
  /** When `heal()` was done last (ms since 1970); null before. */
  readonly healedAt: number | null;
  /** Folder with the logs of all processes; kept if `keepLogs()` was called. */
  readonly logDir: string;
  /** Keeps the logs beyond the world's end. */
  keepLogs(): void;
  /** All calls so far, in order. */
  readonly pfconCalls: readonly PfconCall[];
  /**
   * Called, and waited for, before a DELETE is passed on to pfcon: the last moment at which the container is
   * there. It is asked once per removal, also if the caller repeats a call that was lost. `containerName` is that of the container about to be removed.
   */
  beforeRemoval(look: (containerName: string) => Promise<void>): void;
  /** Ends all faults, starts what is dead, waits until every worker says that it is ready. */
  heal(signal: AbortSignal): Promise<void>;
}
