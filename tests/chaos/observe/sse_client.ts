/**
 * A client of the event stream, as a browser's EventSource works: remembers the last id, comes back when it is cut.
 *
 * @module
 */
import { createParser } from "eventsource-parser";
import { sleep } from "lib/run/sleep.ts";
import type { SeenEvent } from "../observations.ts";

/** Whom it follows, and how. */
export interface SseClientOptions {
  /** Services that are asked in turn: each connection goes to the next one. */
  readonly urls: readonly string[];
  readonly jobId: string;
  readonly client: string;
  /** Time until the connection is cut, asked for each connection (ms); not given: it is never cut. */
  readonly cutAfterMs?: () => number;
  readonly onEvent: (event: SeenEvent) => void;
}

/** Pause before it comes back (ms). */
const AGAIN_MS = 200;
/** No sign of life for so long and it comes back: the service sends one each 15 s. */
const SILENCE_MS = 25_000;

/** Follows the job until its end was told; false if `signal` aborted first. */
export async function followJob(options: SseClientOptions, signal: AbortSignal): Promise<boolean> {
  const state = { lastId: "", ended: false, connections: 0 };
  while (!signal.aborted && !state.ended) {
    // One plain signal for each connection, which whatever may end it aborts: nothing else keeps it alive.
    const cut = new AbortController();
    const abort = () => cut.abort();
    signal.addEventListener("abort", abort, { once: true });
    const timer = options.cutAfterMs && setTimeout(abort, options.cutAfterMs());
    try {
      await connect(options, state, cut);
    } catch {
      // refused, cut off, or cut by us
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
    if (!state.ended) await sleep(AGAIN_MS, signal);
  }
  return state.ended;
}

async function connect(
  { urls, jobId, client, onEvent }: SseClientOptions,
  state: { lastId: string; ended: boolean; connections: number },
  cut: AbortController,
): Promise<void> {
  const parser = createParser({
    onEvent: ({ id = "", event: kind = "message", data }) => {
      if (state.ended) return;
      state.lastId = id || state.lastId;
      state.ended = kind === "end";
      onEvent({ client, jobId, kind, id, data: parsed(data), at: Date.now() });
    },
  });
  const url = urls[state.connections++ % urls.length] ?? "";
  const aborted = new Promise<never>((_, reject) => {
    cut.signal.addEventListener("abort", () => reject(cut.signal.reason), { once: true });
  });
  aborted.catch(() => {}); // nobody may be waiting
  let timer = setTimeout(() => cut.abort(), SILENCE_MS);
  let reader: ReadableStreamDefaultReader<string> | undefined;
  try {
    const answer = await fetch(`${url}/events/${jobId}/all`, {
      headers: state.lastId ? { "last-event-id": state.lastId } : {},
      signal: cut.signal,
    });
    if (answer.status === 204) state.ended = true;
    if (answer.status !== 200 || !answer.body) return void await answer.body?.cancel();
    reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted]);
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => cut.abort(), SILENCE_MS);
      parser.feed(value);
    }
  } finally {
    clearTimeout(timer);
    cut.abort();
    reader?.cancel().catch(() => {});
  }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
