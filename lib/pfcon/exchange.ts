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
 * Sends a request and reads the answer, whatever its status. Redirects are not followed.
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
  try {
    const response = await options.fetch(url, { ...init, redirect: "manual", signal: stop.signal });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    signal?.throwIfAborted();
    throw new OutageError("pfcon", attempt, { cause: stop.signal.aborted ? stop.signal.reason : cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}
