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
import { SharedReads } from "./shared_reads.ts";

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

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Answers event streams; one for all of a service's clients. */
export function eventStreams(context: EventsContext): (request: EventsRequest) => Promise<Response> {
  const { hub, sources, log, sql, stopping } = context;
  const shared: SessionContext = {
    hub,
    sources,
    log,
    ...(context.metrics ? { metrics: context.metrics } : {}),
    clients: new Clients(stopping, { clock: context.now, heartbeatMs: context.heartbeatMs }),
    reads: new SharedReads(),
    ...(context.bufferBytes ? { bufferBytes: context.bufferBytes } : {}),
  };
  return async ({ jobId, kind, lastEventId, tail, expiresAtMs }) => {
    const position = lastEventId === null ? null : parsePosition(lastEventId);
    // To a client that has been told the end: an EventSource then stops.
    if (position?.ended && await isEnd(sql, jobId, position)) return new Response(null, { status: 204 });
    const kinds = new Set<Kind>(kind === "all" ? KINDS : [kind]);
    return new Response(new Session(shared, { jobId, kinds, position, tail, expiresAtMs }).body, {
      headers: HEADERS,
    });
  };
}

/** Whether the workflow is over, and nothing came after the end that the client was told: it may have been retried. */
async function isEnd(sql: Sql, jobId: string, { workflowEvents }: Position): Promise<boolean> {
  const workflow = await withOutage("read a workflow", () => findWorkflow(sql, jobId));
  if (workflow === null || workflow.status === "running") return false;
  const told = await withOutage("read the outbox", () => listOutbox(sql, jobId, "workflow"));
  return told.length <= workflowEvents;
}
