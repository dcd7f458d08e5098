/**
 * The token that pfcon wants with every call.
 *
 * @module
 */
import { refreshAt } from "./refresh_at.ts";

/** How a session works. */
export interface SessionOptions {
  /** Gets a new token. Aborted only when nobody waits for it any more. */
  readonly login: (signal: AbortSignal) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface PendingLogin {
  readonly abort: AbortController;
  readonly token: Promise<string>;
  waiting: number;
}

/** Keeps one token for all calls; any number of them waiting for a new one share one login. */
export class Session {
  readonly #options: SessionOptions;
  #token: { readonly text: string; readonly refreshAtMs: number } | null = null;
  #pending: PendingLogin | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * A token that is not about to expire.
   *
   * @throws whatever the login throws, or the signal's reason when it aborts.
   */
  async token(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    if (this.#token && this.#options.now() < this.#token.refreshAtMs) return this.#token.text;
    const login = this.#pending ??= this.#begin();
    login.waiting++;
    try {
      return await unlessAborted(login.token, signal);
    } finally {
      if (--login.waiting === 0) this.#end(login);
    }
  }

  /** Forgets a token that was refused, unless another has taken its place already. */
  forget(token: string): void {
    if (this.#token?.text === token) this.#token = null;
  }

  #begin(): PendingLogin {
    const abort = new AbortController();
    const token = this.#options.login(abort.signal).then((text) => {
      this.#token = { text, refreshAtMs: refreshAt(text, this.#options.now()) };
      return text;
    });
    token.catch(() => {}); // those who wait see it
    return { abort, token, waiting: 0 };
  }

  #end(login: PendingLogin): void {
    if (this.#pending === login) this.#pending = null;
    login.abort.abort();
  }
}

/** The promise, or a rejection with the signal's reason if that comes first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
