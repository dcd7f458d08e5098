/**
 * `GET /events/{job_id}/{kind}`: one client's session as a response.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { type Sql, withOutage } from "lib/store/open.ts";
import { findWorkflow } from "lib/store/workflows.ts";
import { type Kind, KINDS, parsePosition, startPosition } from "./position.ts";
import { session, type SessionContext } from "./session.ts";

/** What streams need. */
export interface EventsContext extends SessionContext {
  readonly sql: Sql;
  readonly redis: Redis;
  /** Aborts when the service stops: all streams end, and their clients come back elsewhere. */
  readonly stopping: AbortSignal;
}

/** What a client asked for. */
export interface EventsRequest {
  readonly jobId: string;
  readonly kind: Kind | "all";
  /** The id of the last event it saw, as it came; ids of other services count as none. */
  readonly lastEventId: string | null;
}

/** Key that tells one life of Redis's streams from the next. */
const GENERATION_KEY = "chris:stream:generation";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Answers with the stream, or with 204 to a client that has been told the end (an EventSource then stops). */
export async function answerEvents(context: EventsContext, request: EventsRequest): Promise<Response> {
  const resumed = request.lastEventId === null ? null : parsePosition(request.lastEventId);
  if (resumed?.ended && await isOver(context.sql, request.jobId)) return new Response(null, { status: 204 });
  const generation = await streamGeneration(context.redis);
  const position = { ...(resumed ?? startPosition(generation)), generation, ended: false };
  const kinds = new Set<Kind>(request.kind === "all" ? KINDS : [request.kind]);
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, context.stopping]);
  const text = session(context, { jobId: request.jobId, kinds, position }, signal);
  return new Response(asBytes(text, () => gone.abort()), { headers: HEADERS });
}

/** Pulled as fast as the client reads, so a slow client holds back its own session only. */
function asBytes(text: AsyncGenerator<string>, onGone: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await text.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      onGone();
      await text.return(undefined);
    },
  }, { highWaterMark: 0 });
}

async function isOver(sql: Sql, jobId: string): Promise<boolean> {
  const workflow = await withOutage("read a workflow", () => findWorkflow(sql, jobId));
  return workflow !== null && workflow.status !== "running";
}

/** The present life of Redis's streams; a new one begins when the key is gone. */
async function streamGeneration(redis: Redis): Promise<string> {
  const known = await redis.get(GENERATION_KEY);
  if (known) return known;
  await redis.set(GENERATION_KEY, crypto.randomUUID().slice(0, 8), "NX");
  return await redis.get(GENERATION_KEY) ?? "0";
}
