/**
 * The service's HTTP interface for programs: Deno, Node and browsers, without dependencies.
 *
 * @module
 */
import type * as answers from "./answers.ts";
import type { CallOptions } from "./call_options.ts";
import { DeadLettersClient } from "./dead_letters_client.ts";
import { followEvents, type FollowOptions } from "./follow_events.ts";
import { type ExchangeOptions, type ExchangeRequest, HttpExchange } from "./http_exchange.ts";
import type { JobEvent } from "./job_events.ts";
import type * as requests from "./requests.ts";

export * from "./answers.ts";
export type { CallOptions } from "./call_options.ts";
export * from "./chris_error.ts";
export type { FollowOptions, Reconnecting } from "./follow_events.ts";
export type { Token } from "./http_exchange.ts";
export * from "./job_events.ts";
export * from "./letters.ts";
export * from "./requests.ts";

/** How the service is reached, and for how long an answer is waited for. */
export interface ChrisClientOptions extends ExchangeOptions {
  /** Longest wait for an answer that is no stream (ms). @default 30_000 */
  readonly timeoutMs?: number | undefined;
}

/** Which events of a job, and from where. */
export interface EventsOptions extends FollowOptions {
  /** @default "all" */
  readonly kind?: "status" | "logs" | "workflow" | "all" | undefined;
  /** Begins so many lines before now instead of with the first one. */
  readonly tail?: number | undefined;
}

const TIMEOUT_MS = 30_000;

/**
 * Calls the service. Every method throws `ChrisError` where the service says no, `ChrisOutageError` where it could
 * not be reached or cannot answer just now, and the signal's reason where that aborts.
 *
 * ```ts ignore
 * const chris = new ChrisClient({ baseUrl: "http://127.0.0.1:8080" });
 * await chris.run("my-job", { image: "alpine", entrypoint: ["true"] });
 * for await (const event of chris.events("my-job")) {
 *   if (event.kind === "logs") console.log(event.data.line);
 * }
 * ```
 */
export class ChrisClient {
  readonly #exchange: HttpExchange;
  readonly #timeoutMs: number;
  /** Entries that could never be handled. */
  readonly deadLetters: DeadLettersClient;

  /** @throws {RangeError} if the address is none that requests can go to. */
  constructor(options: ChrisClientOptions) {
    this.#exchange = new HttpExchange(options);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.deadLetters = new DeadLettersClient(this.#exchange, this.#timeoutMs);
  }

  /** Accepts a job. The same id with the same parameters may be sent again, at any time: it is accepted once. */
  run(jobId: string, params: requests.JobParams, options: CallOptions = {}): Promise<answers.Submitted> {
    return this.#post(`run job ${shown(jobId)}`, ["api", "jobs", jobId, "run"], params, options);
  }

  /** Where a job's workflow stands. */
  workflow(jobId: string, options: CallOptions = {}): Promise<answers.WorkflowView> {
    return this.#get(`read the workflow of job ${shown(jobId)}`, ["api", "jobs", jobId, "workflow"], options);
  }

  /** Stops a job, deletes its data and cleans up. Asking again changes nothing. */
  cancel(
    jobId: string,
    { signal, ...params }: CallOptions & requests.CancelParams = {},
  ): Promise<answers.Cancelled> {
    return this.#post(`cancel job ${shown(jobId)}`, ["api", "jobs", jobId, "cancel"], params, { signal });
  }

  /** Begins another attempt at a job that did not succeed, from its first step, with the same parameters. */
  retry(
    jobId: string,
    { signal, ...params }: CallOptions & requests.RetryParams = {},
  ): Promise<answers.Retried> {
    return this.#post(`retry job ${shown(jobId)}`, ["api", "jobs", jobId, "retry"], params, { signal });
  }

  /** Every attempt at a job, with who had it cancelled or retried, when and why. */
  attempts(jobId: string, options: CallOptions = {}): Promise<answers.Attempts> {
    return this.#get(`read the attempts at job ${shown(jobId)}`, ["api", "jobs", jobId, "attempts"], options);
  }

  /** Every state of every container of a job; with `latest` the last of each step. */
  statusHistory(
    jobId: string,
    { latest, ...options }: CallOptions & { latest?: boolean } = {},
  ): Promise<answers.StatusHistory> {
    const attempt = `read the statuses of job ${shown(jobId)}`;
    return this.#json({
      attempt,
      path: ["api", "jobs", jobId, "status", "history"],
      query: { latest },
      ...options,
    });
  }

  /** A page of the list of jobs, newest first. */
  jobs(
    { status, q, after, limit, ...options }: CallOptions & requests.JobsQuery = {},
  ): Promise<answers.JobList> {
    const query = { status: status?.join(",") || undefined, q, after, limit };
    return this.#json({ attempt: "list jobs", path: ["api", "jobs"], query, ...options });
  }

  /** All jobs of the list, page by page as they are asked for. */
  async *allJobs(query: CallOptions & requests.JobsQuery = {}): AsyncGenerator<answers.ListedJob> {
    for (let after = query.after;;) {
      const page = await this.jobs({ ...query, after });
      yield* page.jobs;
      if (page.next === null) return;
      after = page.next;
    }
  }

  /** A page of a job's log, oldest line first. */
  logHistory(
    jobId: string,
    { signal, ...query }: CallOptions & requests.LogPageQuery = {},
  ): Promise<answers.LogHistory> {
    const attempt = `read the log of job ${shown(jobId)}`;
    return this.#json({ attempt, path: ["logs", jobId, "history"], query, signal });
  }

  /** The lines of a job's log that match, with their numbers and how many there are. */
  searchLog(
    jobId: string,
    { signal, ...query }: CallOptions & requests.LogSearchQuery,
  ): Promise<answers.LogSearch> {
    const attempt = `search the log of job ${shown(jobId)}`;
    return this.#json({ attempt, path: ["logs", jobId, "search"], query: { ...query }, signal });
  }

  /** A job's log as text, read as fast as it is taken: each line as the process wrote it, and a newline. */
  async downloadLog(
    jobId: string,
    { signal, ...query }: CallOptions & requests.LogDownloadQuery = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#exchange.send({
      attempt: `download the log of job ${shown(jobId)}`,
      path: ["logs", jobId, "download"],
      query: { ...query },
      headers: { accept: "text/plain" },
      signal,
    });
    return body ?? new ReadableStream({ start: (controller) => controller.close() });
  }

  /**
   * A job's events: history first, then live, nothing twice and nothing left out. Reconnects by itself where the
   * connection breaks, and ends when the job has ended and everything was told.
   */
  events(jobId: string, { kind = "all", tail, ...options }: EventsOptions = {}): AsyncGenerator<JobEvent> {
    const attempt = `follow job ${shown(jobId)}`;
    return followEvents(({ lastEventId, signal }) => {
      const resumed = lastEventId !== "";
      return this.#exchange.send({
        attempt,
        path: ["events", jobId, kind],
        query: { tail: resumed ? undefined : tail },
        headers: { accept: "text/event-stream", ...(resumed ? { "last-event-id": lastEventId } : {}) },
        signal,
      });
    }, options);
  }

  /** Confirmations of all jobs in the order of their commits, for a backend that catches up. */
  confirmations(
    { signal, ...query }: CallOptions & requests.ConfirmationsQuery = {},
  ): Promise<answers.Confirmations> {
    return this.#exchange.json({
      attempt: "read confirmations",
      path: ["api", "confirmations"],
      query,
      signal,
      timeoutMs: this.#timeoutMs + (query.wait ?? 0) * 1_000,
    });
  }

  /** Keeps the token in a cookie of this browser, so that its own EventSource may use it. */
  openSession(options: CallOptions = {}): Promise<answers.SessionView> {
    return this.#post("open a session", ["api", "session"], undefined, options);
  }

  /** Takes the cookie away. */
  async closeSession({ signal }: CallOptions = {}): Promise<void> {
    await this.#exchange.text({
      attempt: "close the session",
      method: "DELETE",
      path: ["api", "session"],
      signal,
      timeoutMs: this.#timeoutMs,
    });
  }

  /** How full the streams are and how far their consumers have come. */
  metrics(options: CallOptions = {}): Promise<answers.Metrics> {
    return this.#get("read the metrics", ["metrics"], options);
  }

  /** All figures of the replica that answers, as Prometheus reads them. */
  prometheusMetrics({ signal }: CallOptions = {}): Promise<string> {
    const request = {
      attempt: "read the metrics",
      path: ["metrics"],
      headers: { accept: "text/plain" },
      signal,
    };
    return this.#exchange.text({ ...request, timeoutMs: this.#timeoutMs });
  }

  #get<T>(attempt: string, path: readonly string[], options: CallOptions): Promise<T> {
    return this.#json({ attempt, path, ...options });
  }

  #post<T>(attempt: string, path: readonly string[], body: unknown, options: CallOptions): Promise<T> {
    return this.#json({ attempt, method: "POST", path, body, ...options });
  }

  #json<T>(request: ExchangeRequest): Promise<T> {
    return this.#exchange.json<T>({ ...request, timeoutMs: this.#timeoutMs });
  }
}

/** A job id for a message: quoted, with everything unprintable escaped. */
function shown(jobId: string): string {
  return JSON.stringify(jobId);
}
