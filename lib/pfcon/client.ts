/**
 * pfcon, the service that starts and removes the containers of a job.
 *
 * @module
 */
import { z } from "@zod/zod";
import type { JobType } from "../event/status.ts";
import { OutageError } from "../run/outage_error.ts";
import { type Compute, ComputeAnswer, ServerInfo, TokenAnswer } from "./compute.ts";
import { type Answer, exchange } from "./exchange.ts";
import { collectionOf, jobForm, type PfconJob } from "./job_form.ts";
import { errorOf, isMissing, isSuccess, readAnswer } from "./read_answer.ts";
import { Session } from "./session.ts";

export { type Compute, neverStarted, type ServerInfo } from "./compute.ts";
export type { PfconJob } from "./job_form.ts";
export { PfconConflictError, PfconFaultError, PfconRejectedError } from "./pfcon_errors.ts";
export { startFailureReason } from "./start_failure_reason.ts";

/** Where pfcon is and how to talk to it. */
export interface PfconClientOptions {
  /** Base address, with or without `/api/v1/`. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Limit for every call but {@linkcode PfconClient.schedule}. @default 10_000 */
  readonly timeoutMs?: number;
  /** Limit for scheduling, which may wait for an image pull. @default 600_000 */
  readonly scheduleTimeoutMs?: number;
  /** @default globalThis.fetch */
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** A call with what its errors should say. */
interface Call {
  readonly attempt: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/api/v1`, with the final slash: pfcon redirects without it. */
  readonly path: string;
  readonly form?: URLSearchParams;
  readonly signal?: AbortSignal;
}

/**
 * Client of pfcon's REST API. Logs in by itself, once for all calls, and again when the token is about to
 * expire or is refused.
 *
 * Each call may throw:
 * - {@linkcode OutageError}: pfcon is away or busy, or the site is not set up right (wrong credentials or
 *   address); the same call may succeed later;
 * - {@linkcode PfconConflictError}: not possible yet;
 * - {@linkcode PfconRejectedError}: never possible;
 * - {@linkcode PfconFaultError}: something behind pfcon failed;
 * - the signal's reason, when it aborts.
 */
export class PfconClient {
  readonly #options: Required<Omit<PfconClientOptions, "now">>;
  readonly #session: Session;

  constructor(options: PfconClientOptions) {
    const { timeoutMs = 10_000, scheduleTimeoutMs = 600_000, now = Date.now } = options;
    const url = options.url.replace(/\/+$/, "").replace(/\/api\/v1$/, "") + "/api/v1";
    this.#options = {
      ...options,
      url,
      timeoutMs,
      scheduleTimeoutMs,
      fetch: options.fetch ?? globalThis.fetch,
    };
    this.#session = new Session({ login: (signal) => this.#login(signal), now });
  }

  /** How this pfcon is set up. */
  async serverInfo(signal?: AbortSignal): Promise<ServerInfo> {
    const attempt = "ask pfcon how it is set up";
    return readAnswer(
      await this.#call({ attempt, method: "GET", path: "/pluginjobs/", signal }),
      ServerInfo,
      attempt,
    );
  }

  /**
   * Starts a step of a job. Safe to repeat: a container that waits, runs or has succeeded is returned as it is
   * and nothing new runs; one that failed is replaced. A step that this pfcon does not need comes back as
   * `finishedSuccessfully` with a message that ends in `Skipped`, and has no container.
   */
  async schedule(step: JobType, job: PfconJob, signal?: AbortSignal): Promise<Compute> {
    const attempt = `schedule ${step} of job "${job.job_id}"`;
    const path = `/${collectionOf(step)}/`;
    const answer = await this.#call({ attempt, method: "POST", path, form: jobForm(step, job), signal });
    return readAnswer(answer, ComputeAnswer, attempt).compute;
  }

  /** The state of a step's container, or null if there is none. */
  async get(step: JobType, jobId: string, signal?: AbortSignal): Promise<Compute | null> {
    const attempt = `ask for ${step} of job "${jobId}"`;
    const answer = await this.#call({ attempt, method: "GET", path: jobPath(step, jobId), signal });
    return isMissing(answer) ? null : readAnswer(answer, ComputeAnswer, attempt).compute;
  }

  /** Removes a step's container, killing it if it runs. Succeeds if there is none. */
  async remove(step: JobType, jobId: string, signal?: AbortSignal): Promise<void> {
    const attempt = `remove ${step} of job "${jobId}"`;
    const answer = await this.#call({ attempt, method: "DELETE", path: jobPath(step, jobId), signal });
    if (!isSuccess(answer) && !isMissing(answer)) throw errorOf(answer, attempt);
  }

  /** Resolves when pfcon answers; its engine may still be down. */
  async ping(signal?: AbortSignal): Promise<void> {
    const attempt = "reach pfcon";
    const answer = await this.#send({ attempt, method: "GET", path: "/health/", signal });
    readAnswer(answer, z.object({ health: z.string() }), attempt);
  }

  /** With a token; once more with a new one if that is refused. */
  async #call(call: Call): Promise<Answer> {
    const token = await this.#session.token(call.signal);
    const answer = await this.#send(call, token);
    if (answer.status !== 401) return answer;
    this.#session.forget(token);
    return await this.#send(call, await this.#session.token(call.signal));
  }

  #send(call: Call, token?: string): Promise<Answer> {
    const { attempt, method, path, form, signal } = call;
    const { url, fetch, timeoutMs, scheduleTimeoutMs } = this.#options;
    const headers: Record<string, string> = { accept: "application/json" };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    const limitMs = method === "POST" ? scheduleTimeoutMs : timeoutMs;
    return exchange(`${url}${path}`, { method, headers, body: form }, {
      attempt,
      timeoutMs: limitMs,
      signal,
      fetch,
    });
  }

  /** Whatever goes wrong here concerns the site, never a job. */
  async #login(signal: AbortSignal): Promise<string> {
    const { url, user, password, fetch, timeoutMs } = this.#options;
    const attempt = `log in to pfcon as "${user}"`;
    const body = JSON.stringify({ pfcon_user: user, pfcon_password: password });
    const headers = { "content-type": "application/json", accept: "application/json" };
    const init = { method: "POST", headers, body };
    const answer = await exchange(`${url}/auth-token/`, init, { attempt, timeoutMs, signal, fetch });
    if (isSuccess(answer)) return readAnswer(answer, TokenAnswer, attempt).token;
    const error = errorOf(answer, attempt);
    if (error instanceof OutageError) throw error;
    const refused = answer.status === 400 ? "PFCON_USER/PFCON_PASSWORD were refused" : "the login failed";
    throw new OutageError("pfcon", attempt, { cause: `${refused}: ${error.detail}` });
  }
}

function jobPath(step: JobType, jobId: string): string {
  return `/${collectionOf(step)}/${encodeURIComponent(jobId)}/`;
}
