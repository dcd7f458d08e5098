/**
 * Requests and what may become of them.
 *
 * @module
 */
import { ChrisError, ChrisOutageError, type FieldFault } from "./chris_error.ts";
import { retryAfterMs } from "./reconnect_delay.ts";

/**
 * A bearer token, or a function that gives one before each request. `refused` is true when the service has just
 * refused the one given before: the request is then made once more with the new one.
 */
export type Token = string | ((asked: { readonly refused: boolean }) => string | Promise<string>);

/** How the service is reached. */
export interface ExchangeOptions {
  /** Where the service is, such as `https://chris.example.org/streams`. */
  readonly baseUrl: string | URL;
  readonly token?: Token | undefined;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** What a query may hold; undefined fields are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One request. */
export interface ExchangeRequest {
  /** Names the attempt in errors: "read the workflow of job "a"". */
  readonly attempt: string;
  /** @default "GET" */
  readonly method?: string;
  /** Below the base address, each part encoded. */
  readonly path: readonly string[];
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the whole answer (ms). @default Infinity */
  readonly timeoutMs?: number | undefined;
}

/** Answers that say "not now" rather than "no". */
const PASSING = new Set([408, 425, 429]);

/** Sends requests to one service. */
export class HttpExchange {
  readonly #base: URL;
  readonly #token: Token | undefined;
  readonly #fetch: typeof globalThis.fetch;

  /** @throws {RangeError} if the address is none that requests can go to. */
  constructor({ baseUrl, token, fetch = globalThis.fetch }: ExchangeOptions) {
    this.#base = baseAddress(baseUrl);
    this.#token = token;
    // A browser's fetch wants no other `this`.
    this.#fetch = (input, init) => fetch(input, init);
  }

  /**
   * Sends a request; the answer is a good one (2xx), its body not yet read.
   *
   * @throws {ChrisError} if the service says no. @throws {ChrisOutageError} if it cannot be reached or cannot answer.
   * @throws {RangeError} if a part of the path cannot be addressed. Rejects with the signal's reason if it aborts.
   */
  async send(request: ExchangeRequest): Promise<Response> {
    const url = this.#urlOf(request);
    const response = await this.#once(url, request, false);
    if (response.status !== 401 || typeof this.#token !== "function") return await good(response, request);
    await response.body?.cancel();
    return await good(await this.#once(url, request, true), request);
  }

  /** The same for an answer of JSON, which is taken to be what this version of the service says. */
  async json<T>(request: ExchangeRequest): Promise<T> {
    const text = await this.text(request);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new ChrisError(`Cannot ${request.attempt}: the answer is no JSON, so it is of another service`, {
        status: 200,
        code: "unexpected_answer",
      });
    }
  }

  /** The same for an answer of text. */
  async text(request: ExchangeRequest): Promise<string> {
    const response = await this.send(request);
    try {
      return await response.text();
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw new ChrisOutageError(`Cannot ${request.attempt}: the answer broke off`, { cause });
    }
  }

  #urlOf({ path, query = {}, attempt }: ExchangeRequest): URL {
    // A part of dots would be taken for a way up, even encoded.
    if (path.some((part) => part === "" || part === "." || part === "..")) {
      throw new RangeError(`Cannot ${attempt}: no address can hold it`);
    }
    const url = new URL(path.map(encoded).join("/"), this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  async #once(url: URL, request: ExchangeRequest, refused: boolean): Promise<Response> {
    const token = typeof this.#token === "function" ? await this.#token({ refused }) : this.#token;
    const headers = new Headers({ accept: "application/json", ...request.headers });
    if (token) headers.set("authorization", `Bearer ${token}`);
    if (request.body !== undefined) headers.set("content-type", "application/json");
    const signal = limited(request);
    try {
      return await this.#fetch(url, {
        method: request.method ?? "GET",
        headers,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        ...(signal ? { signal } : {}),
      });
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw new ChrisOutageError(`Cannot ${request.attempt}: no answer from ${this.#base.origin}`, { cause });
    }
  }
}

/** @throws {RangeError} if the address is none that requests can go to; it is not shown, as it may hold a password. */
function baseAddress(address: string | URL): URL {
  const base = URL.canParse(String(address)) ? new URL(String(address)) : null;
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new RangeError("Cannot use the service's address: expected http://host:port or https://host");
  }
  if (base.username || base.password) {
    throw new RangeError(
      "Cannot use the service's address: it holds a name or password, give a token instead",
    );
  }
  base.search = "";
  base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

/** The caller's signal, or the time that an answer may take, whichever comes first. */
function limited({ signal, timeoutMs }: ExchangeRequest): AbortSignal | undefined {
  if (timeoutMs === undefined) return signal;
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/** Halves of characters have no encoding of their own; the service refuses what stands for them. */
function encoded(part: string): string {
  return encodeURIComponent(part.replace(/[\ud800-\udfff]/gu, "\ufffd"));
}

/** The answer if it is a good one. */
async function good(response: Response, { attempt }: ExchangeRequest): Promise<Response> {
  if (response.ok) return response;
  const { status } = response;
  const { code, message, details } = errorOf(await response.text().catch(() => ""));
  const text = `Cannot ${attempt}: ${message || `the service answered with status ${status}`}`;
  if (status >= 500 || PASSING.has(status)) {
    const asked = retryAfterMs(response.headers.get("retry-after"));
    throw new ChrisOutageError(text, { status, retryAfterMs: asked });
  }
  throw new ChrisError(text, { status, code: code || "http_error", details });
}

/** What an error's body says, as far as it is one of ours. */
function errorOf(body: string): { code: string; message: string; details: FieldFault[] } {
  try {
    const { error } = JSON.parse(body) as { error?: Record<string, unknown> };
    const details = Array.isArray(error?.details) ? error.details as FieldFault[] : [];
    return { code: String(error?.code ?? ""), message: String(error?.message ?? ""), details };
  } catch {
    return { code: "", message: "", details: [] };
  }
}
