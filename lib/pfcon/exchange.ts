/**
 * One HTTP request and its whole answer within a time limit.
 *
 * @module
 */
import { OutageError } from "../run/outage_error.ts";

/** A complete answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What limits an exchange. */
export interface ExchangeOptions {
  /** What is attempted, as in "Cannot {attempt}: …". */
  readonly attempt: string;
  /** From the connection to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly fetch: typeof fetch;
}

/**
 * Sends a request, once, and reads the answer, whatever its status. Redirects are not followed.
 *
 * Each request has a connection of its own: on one that is used again, `fetch` silently repeats a request that gets
 * no answer, and a repeated order may run a step over the log of its first run (G7).
 *
 * @throws {OutageError} when there is no answer: network error, cut answer, timeout.
 * @throws the signal's reason when it aborts.
 */
export async function exchange(url: string, init: RequestInit, options: ExchangeOptions): Promise<Answer> {
  const { attempt, timeoutMs, signal } = options;
  signal?.throwIfAborted();
  const stop = new AbortController();
  const forward = () => stop.abort(signal?.reason);
  signal?.addEventListener("abort", forward, { once: true });
  const timer = setTimeout(() => stop.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const request = { ...init, redirect: "manual", signal: stop.signal, client } as const;
    const response = await options.fetch(url, request);
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new OutageError("pfcon", attempt, { cause: stop.signal.aborted ? stop.signal.reason : cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}
