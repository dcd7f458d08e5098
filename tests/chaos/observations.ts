/**
 * What the harness saw, from outside, while the system was under attack. The checker compares it with what the
 * jobs were made to do; it shares no code with the workers.
 *
 * @module
 */
import type { InjectedEntry, PfconCall, WorkerStop } from "./world.ts";

/** An entry as an ungrouped reader of the streams got it, dead letters too. */
export interface SeenEntry {
  readonly stream: string;
  readonly id: string;
  /** The `data` field, as it stood there. */
  readonly data: string;
  /** How often Redis had lost everything, or its newest entries, when it was read: 0, 1, … */
  readonly generation: number;
  /** ms since 1970. */
  readonly at: number;
  /** Whether the harness itself had put it there. */
  readonly injected: boolean;
}

/** A server-sent event as one client got it. */
export interface SeenEvent {
  /** Such as `stays`, `cut` or `late`; one client of each name for a job. */
  readonly client: string;
  readonly jobId: string;
  /** The event's name: `status`, `logs`, `workflow`, `caught-up`, `gap`, `end`. */
  readonly kind: string;
  readonly id: string;
  // deno-lint-ignore no-explicit-any -- looked at field by field, by code that trusts none of them
  readonly data: any;
  /** ms since 1970. */
  readonly at: number;
}

/** A line as the engine held it. */
export interface EngineLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** A container as the engine itself told it, at its end or just before it was removed. */
export interface SeenContainer {
  readonly id: string;
  /** Without a leading slash. */
  readonly name: string;
  /** The engine's own texts (RFC 3339, nanoseconds); empty if it never came so far, or was never looked at. */
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number | null;
  /** Its whole output, line by line, as the engine held it; each of the two streams in order. */
  readonly lines: readonly EngineLine[];
  /** Lines of this container that the log store answered with just before the removal; null if not asked. */
  readonly storedBeforeRemoval: number | null;
  /**
   * Of one that was removed while it ran: its complete lines when pfcon was last asked about it before that; null of
   * others.
   */
  readonly heldWhenAsked?: readonly EngineLine[] | null;
  /** When the engine removed it (ms since 1970); null if it is still there. */
  readonly removedAt: number | null;
}

/** A confirmation at the moment it was read. */
export interface SeenConfirmation {
  readonly jobId: string;
  readonly eventId: string;
  /** Whether `job_status` held the state it confirms; null if Postgres did not answer. */
  readonly durable: boolean | null;
}

/** A job's answers over HTTP, after all had calmed down. */
export interface FinalAnswers {
  readonly jobId: string;
  // deno-lint-ignore no-explicit-any -- see SeenEvent
  readonly workflow: any;
  // deno-lint-ignore no-explicit-any -- see SeenEvent
  readonly statuses: readonly any[];
  // deno-lint-ignore no-explicit-any -- see SeenEvent
  readonly logs: readonly any[];
}

/** An entry of a dead letter stream. */
export interface SeenDeadLetter {
  readonly stream: string;
  readonly id: string;
  /** Bytes as Latin-1, so that they can be compared exactly. */
  readonly fields: Readonly<Record<string, string>>;
  /** As of {@link SeenEntry}; those of the newest generation are what was there at the end. */
  readonly generation: number;
}

/** Redis lost entries, some time between two moments (ms since 1970). */
export interface RedisLoss {
  /** When all was still there. */
  readonly after: number;
  readonly noticed: number;
}

/** Everything that was seen. */
export interface Observations {
  readonly entries: readonly SeenEntry[];
  readonly events: readonly SeenEvent[];
  /** Clients that were started, and whether the end was told to them. */
  readonly clients: readonly { readonly client: string; readonly jobId: string; readonly ended: boolean }[];
  readonly containers: readonly SeenContainer[];
  readonly confirmations: readonly SeenConfirmation[];
  readonly pfconCalls: readonly PfconCall[];
  readonly finals: readonly FinalAnswers[];
  /** Rows of the reference's tables (wire.md §8), `job_workflow_events` in the order of their ids. */
  readonly tables: {
    readonly job_status: readonly Record<string, unknown>[];
    readonly job_workflow: readonly Record<string, unknown>[];
    readonly job_workflow_events: readonly Record<string, unknown>[];
  };
  /** Entries of the dead letter streams: those there at the end, and those seen before Redis lost them. */
  readonly deadLetters: readonly SeenDeadLetter[];
  readonly injected: readonly InjectedEntry[];
  /** `[n]` began generation n + 1. */
  readonly redisLosses: readonly RedisLoss[];
  /** Workers that were asked to stop with SIGTERM. */
  readonly stops: readonly WorkerStop[];
  /** How late the harness's own timers came at most (ms): so slow was the machine. */
  readonly lateMs?: number;
  /** How long the machine was kept from working after the faults had ended (ms), see `observe/stolen_time.ts`. */
  readonly stolenMs?: number;
  /** When the faults had ended and everything said that it was ready (ms since 1970); null if it never was. */
  readonly healedAt: number | null;
}
