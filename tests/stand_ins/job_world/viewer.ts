import { sleep } from "lib/run/sleep.ts";
import type { EventsRequest } from "../../../workers/sse_service/events/answer_events.ts";

/** What a client was told. */
export interface Told {
  readonly kind: string;
  readonly id: string;
  /** The event itself. */
  readonly data: Record<string, unknown>;
  /** Which of its connections told it. */
  readonly connection: number;
}

/** Pause before a client whose stream ended comes back (ms). */
const RETRY_MS = 2_000;

/** A client as browsers are: comes back with the id of the last event it got, and stops when told that nothing follows. */
export class Viewer {
  readonly told: Told[] = [];
  readonly request: Pick<EventsRequest, "jobId" | "kind" | "tail">;
  /** Whether it was told that nothing follows any more. */
  isDone = false;
  connections = 0;
  onTold: (told: Told) => void = () => {};
  readonly #answer: (request: EventsRequest) => Promise<Response>;
  #resumed: PromiseWithResolvers<void> | null = null;
  /** Pause between two chunks that it reads (ms). */
  #pauseMs = 0;
  #cut: (() => void) | null = null;

  constructor(request: Viewer["request"], answer: (request: EventsRequest) => Promise<Response>) {
    this.request = request;
    this.#answer = answer;
  }

  /** Comes, or comes back; nothing if it is there. */
  come(pauseMs: number): void {
    this.#pauseMs = pauseMs;
    this.resume();
    if (this.#cut) return;
    this.isDone = false;
    this.#stay();
  }

  /** Its connection breaks, with whatever is on its way. */
  cut(): void {
    this.#cut?.();
    this.#cut = null;
    this.resume();
  }

  /** Reads nothing for a while. */
  stall(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  /** Reads on. */
  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = null;
  }

  /** Comes back until it is cut or done. */
  async #stay(): Promise<void> {
    const over = new AbortController();
    this.#cut = () => over.abort();
    while (!over.signal.aborted && !this.isDone) {
      await this.#connect(over.signal).catch(() => {}); // refused: it tries again
      if (!this.isDone) await sleep(RETRY_MS, over.signal);
    }
    if (!over.signal.aborted) this.#cut = null;
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const connection = ++this.connections;
    const lastEventId = this.told.at(-1)?.id ?? null;
    const { status, body } = await this.#answer({ ...this.request, lastEventId });
    if (signal.aborted) return void body?.cancel();
    if (status === 204) this.isDone = true;
    const reader = body?.getReader();
    if (!reader) return;
    signal.addEventListener("abort", () => void reader.cancel(), { once: true });
    for (const decoder = new TextDecoder();;) {
      await this.#resumed?.promise;
      await sleep(this.#pauseMs, signal);
      const { value } = await reader.read();
      if (value === undefined || signal.aborted) return;
      this.#take(decoder.decode(value), connection);
    }
  }

  #take(text: string, connection: number): void {
    for (
      const [, kind = "", id = "", data = ""] of text.matchAll(/^event: (.*)\nid: (.*)\ndata: (.*)\n\n/gm)
    ) {
      const told = { kind, id, data: JSON.parse(data), connection };
      this.told.push(told);
      this.onTold(told);
    }
  }
}
