/**
 * `GET /events/{job_id}/{kind}`: one client's session as a response.
 *
 * @module
 */
import type { Logger } from "lib/run/log.ts";
import { type Sql, withOutage } from "lib/store/open.ts";
import { listOutbox } from "lib/store/outbox.ts";
import { findWorkflow } from "lib/store/workflows.ts";
import type { SseMetrics } from "../operations/sse_metrics.ts";
import { Clients } from "./clients.ts";
import type { HistorySources } from "./history.ts";
import type { Hub } from "./hub.ts";
import { type Kind, KINDS, parsePosition, type Position } from "./position.ts";
import { Session, type SessionContext } from "./session.ts";
import { type Shareable, SharedReads } from "./shared_reads.ts";

/** What streams need. */
export interface EventsContext {
  readonly hub: Hub;
  readonly sources: HistorySources;
  readonly sql: Sql;
  /** Aborts when the service stops: all streams end, and their clients come back elsewhere. */
  readonly stopping: AbortSignal;
  /** Pause between signs of life when there is nothing to send (ms). @default 15_000 */
  readonly heartbeatMs?: number;
  /** See {@linkcode SessionContext.bufferBytes}. */
  readonly bufferBytes?: number;
  /** The time (ms since 1970). */
  readonly now: () => number;
  readonly metrics?: SseMetrics;
  readonly log: Logger;
}

/** What a client asked for. */
export interface EventsRequest {
  readonly jobId: string;
  readonly kind: Kind | "all";
  /** The id of the last event it saw, as it came; ids of other services count as none. */
  readonly lastEventId: string | null;
  /** How many lines before now it begins with; null for all. Whoever resumes goes on where it was instead. */
  readonly tail: number | null;
  /** When the stream has to end (ms since 1970). @default Infinity */
  readonly expiresAtMs?: number | undefined;
}

/** What is known of a workflow's end. */
interface End extends Shareable {
  readonly over: boolean;
  /** How many workflow events the job has had. */
  readonly events: number;
}

/** Pause between two looks at one workflow's end (ms). */
const SPACING_MS = 250;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Answers event streams; one for all of a service's clients. */
export function eventStreams(context: EventsContext): (request: EventsRequest) => Promise<Response> {
  const { hub, sources, log, sql, stopping } = context;
  const reads = new SharedReads();
  const shared: SessionContext = {
    hub,
    sources,
    log,
    ...(context.metrics ? { metrics: context.metrics } : {}),
    clients: new Clients(stopping, { clock: context.now, heartbeatMs: context.heartbeatMs }),
    reads,
    ...(context.bufferBytes ? { bufferBytes: context.bufferBytes } : {}),
  };
  return async ({ jobId, kind, lastEventId, tail, expiresAtMs }) => {
    const position = lastEventId === null ? null : parsePosition(lastEventId);
    // To a client that has been told the end: an EventSource then stops.
    if (position?.ended && await isEnd(reads, sql, { jobId, position })) {
      return new Response(null, { status: 204 });
    }
    const kinds = new Set<Kind>(kind === "all" ? KINDS : [kind]);
    return new Response(new Session(shared, { jobId, kinds, position, tail, expiresAtMs }).body, {
      headers: HEADERS,
    });
  };
}

/**
 * Whether the workflow is over, and nothing came after the end that the client was told: it may have been retried. All
 * clients of a job come to ask that at about the same time, and are answered by a look that began after they asked.
 */
async function isEnd(
  reads: SharedReads,
  sql: Sql,
  { jobId, position }: { jobId: string; position: Position },
): Promise<boolean> {
  const { over, events } = await reads.get<End>(`end of ${jobId}`, {
    enough: (_, agedMs) => agedMs <= 0,
    read: () => lookForEnd(sql, jobId),
    spacingMs: SPACING_MS,
  });
  return over && events <= position.workflowEvents;
}

async function lookForEnd(sql: Sql, jobId: string): Promise<End> {
  const workflow = await withOutage("read a workflow", () => findWorkflow(sql, jobId));
  const over = workflow !== null && workflow.status !== "running";
  const told = over ? await withOutage("read the outbox", () => listOutbox(sql, jobId, "workflow")) : [];
  return { over, events: told.length, bytes: 200 };
}
