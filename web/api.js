// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The service's REST side as the page uses it. Where the service wants a token, the user is asked for it once and the
 * call is made again.
 *
 * @module
 */
import { ApiError, errorOf, UnreachableError } from "./api_error.js";
import { queryText } from "./query_text.js";

/**
 * @typedef {object} Sample Values the submission form begins with.
 * @property {string} image
 * @property {string[]} entrypoint
 * @property {string[]} args
 * @property {string} type
 * @property {string | string[]} input_dirs
 * @property {string} output_dir
 */

/** @type {Sample} used where the service names none */
const FALLBACK = {
  image: "ghcr.io/fnndsc/pl-simpledsapp:2.1.0",
  entrypoint: ["simpledsapp"],
  args: ["--dummyFloat", "3.5", "--sleepLength", "5"],
  type: "ds",
  input_dirs: "",
  output_dir: "",
};

const JSON_TYPE = { "content-type": "application/json" };
/** Pause before the service is asked again what it offers. */
const AGAIN_MS = 2000;

/** Calls the service. */
export class Api {
  #fetch;
  #askToken;
  #pause;
  /** @type {Promise<void> | null} */
  #signingIn = null;

  /**
   * @param {object} options
   * @param {typeof fetch} options.fetch
   * @param {(fault: string) => Promise<string>} options.askToken asks the user for a token; `fault` says what was
   *   wrong with the last one
   * @param {() => Promise<unknown>} [options.pause] before the service is asked again
   */
  constructor({ fetch, askToken, pause = () => new Promise((resolve) => setTimeout(resolve, AGAIN_MS)) }) {
    this.#fetch = fetch;
    this.#askToken = askToken;
    this.#pause = pause;
  }

  /**
   * What the service says about this page, as soon as it can be reached; sensible values where it says nothing.
   *
   * @returns {Promise<{ sample: Sample, features: string[] }>} `features`: which of `cancel`, `retry`,
   *   `download` (of whole logs) and `session` (signing in and out) the service offers; what it does not name is not
   *   shown
   */
  async config() {
    const answer = await this.#call("GET", "/config.json").catch((error) => {
      return error instanceof UnreachableError ? null : {};
    });
    if (answer === null) return this.#pause().then(() => this.config());
    const { sample, features } = /** @type {{ sample?: Partial<Sample>, features?: unknown }} */ (answer);
    return {
      sample: { ...FALLBACK, ...sample },
      features: Array.isArray(features) ? features.filter((name) => typeof name === "string") : [],
    };
  }

  /**
   * @param {string} jobId
   * @param {object} body
   * @throws {ApiError | UnreachableError}
   */
  run(jobId, body) {
    return this.#call("POST", `/api/jobs/${encodeURIComponent(jobId)}/run`, body);
  }

  /**
   * @param {string} jobId
   * @returns {Promise<Record<string, unknown>>}
   * @throws {ApiError | UnreachableError}
   */
  workflow(jobId) {
    return this.#call("GET", `/api/jobs/${encodeURIComponent(jobId)}/workflow`);
  }

  /**
   * @param {string} jobId
   * @param {"cancel" | "retry"} action
   * @param {object} body what is said with it
   * @throws {ApiError | UnreachableError}
   */
  act(jobId, action, body) {
    return this.#call("POST", `/api/jobs/${encodeURIComponent(jobId)}/${action}`, body);
  }

  /**
   * A page of the list of jobs, newest first.
   *
   * @param {{ status?: string, q?: string, after?: string | null, limit?: number }} query
   * @returns {Promise<import("./job_list.js").JobPage>}
   * @throws {ApiError | UnreachableError}
   */
  jobs(query) {
    return this.#call("GET", `/api/jobs${queryText(query)}`);
  }

  /**
   * A page of the lines of a job's whole log that match.
   *
   * @param {string} jobId
   * @param {{ q: string, ignore_case?: string, type?: string, limit?: number, cursor?: string | null }} query
   * @returns {Promise<{ total: number, total_is_exact: boolean, next: string | null,
   *   matches: { line_number: number, line: Record<string, unknown> }[] }>}
   * @throws {ApiError | UnreachableError}
   */
  searchLog(jobId, query) {
    return this.#call("GET", `/logs/${encodeURIComponent(jobId)}/search${queryText(query)}`);
  }

  /**
   * A page of a job's whole log.
   *
   * @param {string} jobId
   * @param {{ offset?: number, limit?: number }} query
   * @returns {Promise<{ total: number, offset: number, lines: Record<string, unknown>[] }>}
   * @throws {ApiError | UnreachableError}
   */
  logLines(jobId, query) {
    return this.#call("GET", `/logs/${encodeURIComponent(jobId)}/history${queryText(query)}`);
  }

  /**
   * Ends the session; whatever is called next asks for a token.
   *
   * @throws {ApiError | UnreachableError}
   */
  async signOut() {
    await this.#send("DELETE", "/api/session");
  }

  /**
   * Asks what an event stream that would not open has to say.
   *
   * @param {string} url
   * @returns {Promise<number>} the status of the answer
   * @throws {ApiError | UnreachableError} for a refusal
   */
  async probe(url) {
    const response = await this.#send("GET", url);
    await response.body?.cancel();
    return response.status;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  async #call(method, path, body) {
    const response = await this.#send(method, path, body);
    return response.json();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<Response>} a good one
   */
  async #send(method, path, body) {
    const headers = method === "POST" ? JSON_TYPE : undefined;
    for (;;) {
      const response = await this.#fetch(path, {
        method,
        headers,
        body: body && JSON.stringify(body),
      })
        .catch((cause) => {
          throw new UnreachableError("The service cannot be reached.", { cause });
        });
      if (response.ok) return response;
      if (response.status !== 401) throw new ApiError(response.status, await errorOf(response));
      await this.#signIn();
    }
  }

  /** One question at a time, however many calls wait for its answer. */
  #signIn() {
    this.#signingIn ??= this.#openSession().finally(() => {
      this.#signingIn = null;
    });
    return this.#signingIn;
  }

  async #openSession() {
    for (let fault = "";;) {
      const token = await this.#askToken(fault);
      const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` };
      const response = await this.#fetch("/api/session", { method: "POST", headers, body: "{}" }).catch(() =>
        null
      );
      if (response?.ok) return;
      fault = response
        ? (await errorOf(response)).message ?? "This token was refused."
        : "The service cannot be reached.";
    }
  }
}
