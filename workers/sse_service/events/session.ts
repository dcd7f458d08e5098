/**
 * One client's stream: history, then live, nothing twice and nothing left out (architecture.md §5.5).
 *
 * A pass subscribes first, then reads history up to where the subscription begins, then hands on live entries.
 * A client that falls behind its mailbox simply begins another pass from where it stands.
 *
 * @module
 */
import { backoffMs } from "lib/run/backoff.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { lastEntryId } from "lib/stream/tail.ts";
import { HEARTBEAT, PREAMBLE, sseEvent } from "./event_stream.ts";
import { type HistorySources, logHistory, merged, statusHistory, workflowHistory } from "./history.ts";
import type { Hub, Subscription } from "./hub.ts";
import type { LiveEntry } from "./mailbox.ts";
import { formatPosition, isAfter, type Kind, moved, type Position } from "./position.ts";

/** Default pause between signs of life (ms, http.md). */
const HEARTBEAT_MS = 15_000;

/** What every session needs. */
export interface SessionContext {
  readonly hub: Hub;
  readonly sources: HistorySources;
  /** Pause between signs of life when there is nothing to send (ms). @default 15_000 */
  readonly heartbeatMs?: number;
}

/** What one client asked for. */
export interface SessionRequest {
  readonly jobId: string;
  /** What is to be sent; the workflow is followed in any case, as it tells the end. */
  readonly kinds: ReadonlySet<Kind>;
  /** Where the client stands. */
  readonly position: Position;
}

/** The text of the stream, chunk by chunk, until the workflow's end was told or `signal` aborts. */
export async function* session(
  context: SessionContext,
  request: SessionRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const client = new Session(context, request, signal);
  yield PREAMBLE;
  for (let outages = 0; !signal.aborted && !client.ended;) {
    try {
      yield* client.pass();
      outages = 0;
    } catch (error) {
      if (!(error instanceof OutageError)) throw error;
      // The position is kept, so the next pass goes on where this one stopped.
      yield HEARTBEAT;
      await sleep(backoffMs(++outages), signal);
    }
  }
}

class Session {
  readonly #context: SessionContext;
  readonly #request: SessionRequest;
  readonly #signal: AbortSignal;
  #position: Position;
  #caughtUp = false;
  #workflowOver = false;

  constructor(context: SessionContext, request: SessionRequest, signal: AbortSignal) {
    this.#context = context;
    this.#request = request;
    this.#signal = signal;
    this.#position = request.position;
  }

  get ended(): boolean {
    return this.#position.ended;
  }

  /** From where the client stands to the end, or to where its mailbox overflowed. */
  async *pass(): AsyncGenerator<string> {
    using subscription = await this.#context.hub.subscribe(this.#request.jobId);
    yield* this.#history(subscription);
    if (this.#signal.aborted) return;
    if (!this.#caughtUp) {
      this.#caughtUp = true;
      yield sseEvent("caught-up", formatPosition(this.#position), "{}");
    }
    yield* this.#live(subscription);
  }

  async *#history({ tips }: Subscription): AsyncGenerator<string> {
    const { sources } = this.#context;
    const { jobId, kinds } = this.#request;
    const range = (kind: Kind) => ({ after: this.#position[kind], tip: tips[kind] });
    const workflow = await workflowHistory(sources, jobId, { ...range("workflow"), after: "0-0" });
    const others = [
      ...workflow,
      ...kinds.has("status") ? await statusHistory(sources, jobId, range("status")) : [],
    ];
    const logs = kinds.has("logs")
      ? logHistory(sources, jobId, { ...range("logs"), signal: this.#signal })
      : nothing();
    for await (const entries of merged(others, logs)) {
      if (this.#signal.aborted) return;
      const chunk = this.#write(entries);
      if (chunk !== "") yield chunk;
    }
  }

  async *#live({ mailbox }: Subscription): AsyncGenerator<string> {
    while (!this.#signal.aborted && !mailbox.overflowed) {
      if (this.#workflowOver) {
        // All of the job's log lines were written before the workflow was over: send what is still under way.
        await this.#reachLogEnd();
        if (mailbox.overflowed || this.#signal.aborted) return;
        const rest = this.#write(mailbox.take());
        this.#position = { ...this.#position, ended: true };
        yield rest + sseEvent("end", formatPosition(this.#position), "{}");
        return;
      }
      const chunk = this.#write(mailbox.take());
      if (chunk !== "") yield chunk;
      else if (!this.#workflowOver && !await this.#somethingCame(mailbox.filled)) yield HEARTBEAT;
    }
  }

  async #reachLogEnd(): Promise<void> {
    const { hub, sources } = this.#context;
    const { jobId } = this.#request;
    const entryId = await lastEntryId(sources.redis, hub.streamOf("logs", jobId));
    await hub.passed("logs", jobId, { entryId, signal: this.#signal });
  }

  /** False if a heartbeat is due first. */
  async #somethingCame(filled: Promise<void>): Promise<boolean> {
    const waiting = new AbortController();
    const heartbeat = sleep(
      this.#context.heartbeatMs ?? HEARTBEAT_MS,
      AbortSignal.any([waiting.signal, this.#signal]),
    ).then(() => false);
    try {
      return await Promise.race([filled.then(() => true), heartbeat]) || this.#signal.aborted;
    } finally {
      waiting.abort();
    }
  }

  /** Events for the entries that the client has not seen and wants; the position moves along. */
  #write(entries: readonly LiveEntry[]): string {
    let chunk = "";
    for (const { kind, id, data } of entries) {
      if (kind === "workflow") this.#workflowOver = isOver(data);
      if (!isAfter(this.#position, kind, id)) continue;
      this.#position = moved(this.#position, kind, id);
      if (this.#request.kinds.has(kind)) chunk += sseEvent(kind, formatPosition(this.#position), data);
    }
    return chunk;
  }
}

/** Whether a workflow event says that the workflow is over. */
function isOver(data: string): boolean {
  try {
    return (JSON.parse(data) as { current_step?: unknown }).current_step === "completed";
  } catch {
    return false;
  }
}

async function* nothing(): AsyncGenerator<LiveEntry[]> {}
