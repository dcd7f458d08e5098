/**
 * That something was written to a log, and no more.
 *
 * @module
 */
import { sleep } from "../run/sleep.ts";

/** Listens to a source whose items are but hints. */
export class WriteHints implements Disposable {
  readonly #source: (signal: AbortSignal) => AsyncIterable<unknown>;
  readonly #signal: AbortSignal;
  #listening: AbortController | null = null;
  /** Aborted by a hint. */
  #heard = new AbortController();
  #ended = false;

  /** Nothing is heard any more when `signal` aborts. */
  constructor(source: (signal: AbortSignal) => AsyncIterable<unknown>, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Whether the source came to its end, well or badly, while it was listened to. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Waits for a hint, or the end, for at most `ms`; after a hint a while longer (`gatherMs`), for more to come.
   * Listens from the first call on.
   */
  async next(ms: number, gatherMs: number): Promise<void> {
    if (!this.#listening) {
      this.#listening = new AbortController();
      this.#listen(AbortSignal.any([this.#listening.signal, this.#signal]));
    }
    await sleep(ms, AbortSignal.any([this.#heard.signal, this.#signal]));
    if (!this.#ended) await sleep(gatherMs, this.#signal);
    this.#heard = new AbortController();
    if (this.#ended) this.#heard.abort();
  }

  /** Listens no more, until the next call of `next()`. */
  close(): void {
    this.#listening?.abort();
    this.#listening = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #listen(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of this.#source(signal)) this.#heard.abort();
    } catch { /* whoever looks after the hint meets the fault */ }
    if (signal.aborted) return;
    this.#ended = true;
    this.#heard.abort();
  }
}
