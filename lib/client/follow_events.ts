/**
 * A job's events as one sequence, however often the connection is cut: each connection goes on after the last event
 * that was taken.
 *
 * @module
 */
import { abortableSleep } from "./abortable_sleep.ts";
import { ChrisError, ChrisOutageError } from "./chris_error.ts";
import type { JobEvent } from "./job_events.ts";
import { reconnectDelayMs } from "./reconnect_delay.ts";
import { type SseMessage, SseParser } from "./sse_parser.ts";

/** Told before each pause between two connections. */
export interface Reconnecting {
  readonly cause: ChrisOutageError;
  /** The pause that follows (ms). */
  readonly delayMs: number;
  /** Connections in a row that told nothing. */
  readonly failures: number;
}

/** How events are followed. */
export interface FollowOptions {
  /** Id of the event after which to begin. @default "" (from the first) */
  readonly from?: string | undefined;
  /** Ends the sequence, quietly. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A connection without a byte for so long is taken for dead (ms); three of the service's heartbeats.
   * @default 45_000
   */
  readonly stallMs?: number | undefined;
  /** An outage is no error: events go on when it is over. This is for telling people meanwhile. */
  readonly onReconnecting?: ((what: Reconnecting) => void) | undefined;
  /** Chance in [0, 1) for pauses. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** Opens a connection after the event of this id. @throws {ChrisError | ChrisOutageError} */
export type OpenStream = (request: { lastEventId: string; signal: AbortSignal }) => Promise<Response>;

/** Pause before reconnecting until a stream says otherwise (ms). */
const RETRY_MS = 2_000;
const STALL_MS = 45_000;

/**
 * Yields events until `end`, or until the service says that there are none left, or `signal` aborts. Bytes are read
 * only when an event is asked for, so a slow consumer holds back the service and fills no memory.
 *
 * @throws {ChrisError} if the service refuses; outages are waited for.
 */
export async function* followEvents(open: OpenStream, options: FollowOptions = {}): AsyncGenerator<JobEvent> {
  const { signal, random = Math.random } = options;
  const follower = new Follower(open, options);
  while (!signal?.aborted) {
    let cause: ChrisOutageError;
    try {
      if (yield* follower.connection()) return;
      cause = new ChrisOutageError("the service closed the stream");
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof ChrisOutageError)) throw error;
      cause = error;
    }
    const { failures, retryMs } = follower.failed();
    const delayMs = reconnectDelayMs({ failures, retryMs, retryAfterMs: cause.retryAfterMs }, random);
    options.onReconnecting?.({ cause, delayMs, failures });
    await abortableSleep(delayMs, signal);
  }
}

class Follower {
  readonly #open: OpenStream;
  readonly #signal: AbortSignal | undefined;
  readonly #stallMs: number;
  #lastEventId: string;
  #retryMs = RETRY_MS;
  #failures = 0;

  constructor(open: OpenStream, { from = "", signal, stallMs = STALL_MS }: FollowOptions) {
    this.#open = open;
    this.#signal = signal;
    this.#stallMs = stallMs;
    this.#lastEventId = from;
  }

  /** Notes that a connection is over before the end. */
  failed(): { failures: number; retryMs: number } {
    return { failures: ++this.#failures, retryMs: this.#retryMs };
  }

  /** The events of one connection; returns whether there will be no more. */
  async *connection(): AsyncGenerator<JobEvent, boolean> {
    const over = new AbortController();
    const signal = this.#signal ? AbortSignal.any([this.#signal, over.signal]) : over.signal;
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    try {
      const lastEventId = this.#lastEventId;
      const response = await this.#unlessStalled(over, () => this.#open({ lastEventId, signal }));
      if (response.status === 204 || !response.body) return true;
      if (!/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) {
        throw notAStream(response);
      }
      reader = response.body.getReader();
      const parser = new SseParser({ lastEventId });
      for (;;) {
        const bytes = await this.#read(over, reader);
        if (!bytes) return false;
        const messages = parser.push(bytes);
        this.#retryMs = parser.retryMs ?? this.#retryMs;
        if ((yield* this.#told(messages))) return true;
      }
    } finally {
      over.abort();
      await reader?.cancel().catch(() => {});
    }
  }

  *#told(messages: readonly SseMessage[]): Generator<JobEvent, boolean> {
    for (const message of messages) {
      this.#failures = 0;
      this.#lastEventId = message.lastEventId;
      const event = jobEventOf(message);
      if (event) yield event;
      if (event?.kind === "end") return true;
      if (this.#signal?.aborted) return true;
    }
    return false;
  }

  /** The next bytes; null at the end of the connection. */
  async #read(
    over: AbortController,
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<Uint8Array | null> {
    const { value } = await this.#unlessStalled(over, () => {
      return reader.read().catch((cause: unknown) => {
        throw new ChrisOutageError("the stream broke off", { cause });
      });
    });
    return value ?? null;
  }

  /** Does it, unless it takes longer than a living connection would, or nobody wants it any more. */
  async #unlessStalled<T>(over: AbortController, doIt: () => Promise<T>): Promise<T> {
    const signal = this.#signal;
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      const abort = () => reject(signal?.reason);
      const timer = setTimeout(() => {
        reject(new ChrisOutageError(`the stream was silent for ${this.#stallMs} ms`));
        over.abort();
      }, this.#stallMs);
      signal?.addEventListener("abort", abort, { once: true });
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
    });
    try {
      return await Promise.race([doIt(), stopped]);
    } finally {
      stop();
    }
  }
}

/** Null for what later versions of the service may add. */
function jobEventOf({ type, data, lastEventId: id }: SseMessage): JobEvent | null {
  switch (type) {
    case "status":
    case "logs":
    case "workflow":
    case "gap":
      return { kind: type, id, data: parsed(type, data) } as JobEvent;
    case "caught-up":
    case "end":
      return { kind: type, id };
    default:
      return null;
  }
}

function parsed(type: string, data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new ChrisError(`Cannot follow a job: an event "${type}" is no JSON`, {
      status: 200,
      code: "unexpected_answer",
    });
  }
}

function notAStream(response: Response): ChrisError {
  const type = response.headers.get("content-type") ?? "without a type";
  return new ChrisError(`Cannot follow a job: expected an event stream, the answer is ${type}`, {
    status: response.status,
    code: "unexpected_answer",
  });
}
