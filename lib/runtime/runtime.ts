/**
 * The port behind which containers live. One suite all implementations pass (`runtime_suite.ts`).
 *
 * Whoever uses it treats a change as a hint and nothing more: what counts is what `inspect` says
 * (architecture.md §5.1).
 *
 * @module
 */
import type { Identity } from "../job/identity.ts";
import type { LifeState } from "../job/life.ts";

/** One container as `inspect` sees it. */
export interface ContainerFacts {
  /** The runtime's own id, which no other container ever had. */
  readonly id: string;
  /** Name without decoration. A later container may have the same. */
  readonly name: string;
  /** Null if the name says nothing about a job: such a container is none of our business. */
  readonly identity: Identity | null;
  readonly source: "docker" | "kubernetes";
  readonly image: string;
  readonly cmd: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** `waiting`: it has no output yet; `ended`: it wrote all it ever will (unless it is started again). */
  readonly phase: "waiting" | "running" | "ended";
  /** When the last run ended (RFC 3339); null unless `phase` is `ended`. */
  readonly endedAt: string | null;
  /** Every state so far, in order. */
  readonly life: readonly LifeState[];
}

/** A container in a list. */
export interface ContainerSummary {
  readonly id: string;
  readonly running: boolean;
  /** Whose it is, as far as a list tells. */
  readonly jobId?: string | null;
}

/** Something to look at: all containers there are, or one that may have changed or gone. */
export type Change =
  | {
    readonly kind: "listed";
    /** The oldest first, as far as the runtime tells. */
    readonly containers: readonly ContainerSummary[];
    /** Whether changes may have happened unseen before this list. */
    readonly afterGap: boolean;
  }
  | {
    readonly kind: "changed";
    readonly id: string;
    /** Whose it is, as far as the notice tells. */
    readonly jobId?: string | null;
  };

/** A piece of a line as the runtime stored it. */
export interface Fragment {
  /** `""` where the runtime does not tell the two apart. */
  readonly stream: "stdout" | "stderr" | "";
  /** When it was written, as `canonicalTime` spells it: fragments compare as text. */
  readonly time: string;
  /** Without the newline. */
  readonly bytes: Uint8Array;
  /** The same as text, if all of it is ASCII and the runtime's adapter knows that at no cost. */
  readonly text?: string;
  /** Whether a newline ended it: then the line is complete. */
  readonly newline: boolean;
  /** The runtime keeps text, not bytes: whatever was no UTF-8 is U+FFFD in `bytes` already. */
  readonly mended?: boolean;
  /** It begins a line although the one before had no newline (the container was started again). */
  readonly begins?: boolean;
  /** It is the first that the runtime still holds, and there may have been others before it. */
  readonly beheaded?: boolean;
}

/** Which part of a container's output is wanted. */
export interface LineRange {
  /** Only fragments of this canonical time or later. Without it: from the beginning. */
  readonly since?: string | null;
  /** Whether to go on with what is still to be written, until the container ends. */
  readonly follow: boolean;
}

/** The containers of one label on one runtime. Questions are given up, as an outage, when `signal` aborts. */
export interface Runtime {
  /**
   * Begins with all containers there are, then names each that may have changed; lists all of them again after
   * every lost connection and every `relistMs` (0: when it needs a list for itself, if ever), so that no change
   * stays unseen. Waits through outages; ends when `signal` aborts, and never otherwise.
   */
  changes(signal: AbortSignal, options: { relistMs: number }): AsyncIterable<Change>;
  /** All containers there are now, the oldest first, as far as the runtime tells. @throws {OutageError} */
  list(signal: AbortSignal): Promise<readonly ContainerSummary[]>;
  /** What is known of a container; null if it no longer exists. @throws {OutageError} */
  inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | null>;
  /**
   * A container's output in the order in which the runtime stored it, in pieces as they arrive. Ends normally
   * only when everything of the range was given, or when `signal` aborts. A following read may end early with
   * nothing lost: read on from where it ended.
   *
   * @throws {OutageError} when the connection is lost.
   * @throws {LogsUnavailableError} when the runtime holds no output of this container (any more).
   */
  lines(id: string, range: LineRange, signal: AbortSignal): AsyncIterable<Fragment[]>;
  /**
   * The very last fragment that the runtime holds, or null if there is none.
   *
   * @throws {OutageError}
   * @throws {LogsUnavailableError}
   */
  lastFragment(id: string, signal?: AbortSignal): Promise<Fragment | null>;
  /** Resolves when the runtime answers. @throws {OutageError} */
  ping(): Promise<void>;
}

/** The runtime cannot give a container's output, and asking again will not help. */
export class LogsUnavailableError extends Error {
  override readonly name = "LogsUnavailableError";

  constructor(id: string, options: { cause: unknown }) {
    const cause = options.cause instanceof Error ? options.cause.message : String(options.cause);
    super(`Cannot read the log of container "${id}": ${cause.trim()}`, options);
  }
}
