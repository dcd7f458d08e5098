/**
 * The Docker Engine API through dockerode: bounded in time, answers parsed, failures made into our errors.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
// @ts-types="@types/dockerode"
import Docker from "dockerode";
import { z } from "@zod/zod";
import { OutageError } from "../run/outage_error.ts";
import { rawAnswer } from "./raw_answer.ts";
import { LogsUnavailableError } from "./runtime.ts";
import { Semaphore } from "./semaphore.ts";

/** Longest wait for an answer, or for the head of a stream's answer (ms). */
const ANSWER_TIMEOUT_MS = 20_000;

/** Questions asked at the same time, apart from streams: each takes a connection of its own. */
const MAX_QUESTIONS = 32;

/** What we read of an inspected container. */
export const Inspected = z.object({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Paused: z.boolean().optional(),
    OOMKilled: z.boolean().optional(),
    Dead: z.boolean().optional(),
    ExitCode: z.number().optional(),
    Error: z.string().optional(),
    StartedAt: z.string().optional(),
    FinishedAt: z.string().optional(),
  }),
  Config: z.object({
    Image: z.string().default(""),
    Cmd: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Tty: z.boolean().default(false),
  }),
  HostConfig: z.object({
    LogConfig: z.object({
      Type: z.string().default(""),
      Config: z.record(z.string(), z.string()).nullish(),
    }).nullish(),
  }).nullish(),
});
/** What we read of an inspected container. */
export type Inspected = z.infer<typeof Inspected>;

const Listed = z.array(z.object({
  Id: z.string(),
  State: z.string().default(""),
  Names: z.array(z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  /** Seconds since 1970. */
  Created: z.number().default(0),
}));
/** A container in the Engine's list. */
export type Listed = z.infer<typeof Listed>[number];

/** What a log request may ask for, in the Engine's words. */
export interface LogQuery {
  readonly follow: boolean;
  readonly since?: string;
  readonly tail?: number;
}

/** One Docker Engine. Every method throws {@link OutageError} when it is away or does not answer in time. */
export class DockerEngine {
  readonly #docker: Docker;
  readonly #host: string;
  readonly #places = new Semaphore(MAX_QUESTIONS);

  /** `host`: `unix:///path` or `tcp://host:port`. */
  constructor(host: string) {
    this.#docker = new Docker(connection(host));
    this.#host = host;
  }

  async ping(): Promise<void> {
    await ask("ping the Docker Engine", undefined, () => this.#docker.ping());
  }

  /** All containers with that label, stopped ones too. */
  async list(label: string, signal?: AbortSignal): Promise<Listed[]> {
    const options = { all: true, filters: { label: [label] } };
    const attempt = "list containers";
    const body = await ask(attempt, signal, (abortSignal) => {
      return this.#docker.listContainers({ ...options, abortSignal });
    });
    return parse(Listed, attempt, body);
  }

  /** Null if there is no such container. */
  async inspect(id: string, signal?: AbortSignal): Promise<Inspected | null> {
    const attempt = `inspect container "${id}"`;
    using _place = await this.#places.enter();
    const body = await ask(attempt, signal, async (abortSignal) => {
      return await this.#docker.getContainer(id).inspect({ abortSignal }).catch((error) => {
        if (isMissing(error)) return null;
        throw error;
      });
    });
    return body && parse(Inspected, attempt, body);
  }

  /** Events of containers with that label, one JSON text a line, from `sinceSeconds` (Engine's clock) on. */
  async events(label: string, sinceSeconds: number, signal: AbortSignal): Promise<Readable> {
    const filters = { type: ["container"], label: [label], event: EVENTS };
    const options = { filters: JSON.stringify(filters), since: sinceSeconds };
    return await this.#stream("read events", "/events?", options, signal);
  }

  /**
   * A container's log with times, in the form that `docker_frames.ts` reads. One that follows may end early.
   *
   * @throws {LogsUnavailableError} if there is none to read.
   */
  async logs(id: string, query: LogQuery, signal: AbortSignal): Promise<Readable> {
    const options = { ...query, stdout: true, stderr: true, timestamps: true };
    const attempt = `read the log of container "${id}"`;
    const path = `/containers/${id}/logs?`;
    try {
      if (!query.follow) return await this.#stream(attempt, path, options, signal);
      const search = new URLSearchParams(Object.entries(options).map(([name, value]) => [name, `${value}`]));
      return await ask(attempt, signal, (either) => rawAnswer(this.#host, `${path}${search}`, either));
    } catch (error) {
      // 404: gone; 409: dead or being removed; 501 and some 500: its log driver cannot be read.
      const cause = error instanceof OutageError ? error.cause : error;
      const unreadable = [404, 409, 501].includes(statusOf(cause)) ||
        /does not support reading/.test(String(cause));
      throw unreadable ? new LogsUnavailableError(id, { cause }) : error;
    }
  }

  /** dockerode's own `logs()` holds the whole log in memory unless it follows; `dial` streams either way. */
  async #stream(attempt: string, path: string, options: object, signal: AbortSignal): Promise<Readable> {
    return await ask(attempt, signal, (abortSignal) =>
      new Promise<Readable>((resolve, reject) => {
        this.#docker.modem.dial(
          {
            path,
            method: "GET",
            options: { ...options },
            isStream: true,
            abortSignal,
            statusCodes: { 200: true },
          },
          (error: Error | null, answer: unknown) => {
            if (error) return reject(error);
            const stream = answer as Readable;
            // Who aborted or timed out meanwhile no longer listens: let go of the connection.
            if (abortSignal.aborted) stream.on("error", () => {}).destroy();
            resolve(stream);
          },
        );
      }));
  }
}

/** Events after which a container may be in another state than before. */
const EVENTS = [
  "create",
  "start",
  "restart",
  "die",
  "stop",
  "kill",
  "oom",
  "pause",
  "unpause",
  "destroy",
  "rename",
];

/** Gives `call` a signal that aborts when the time for the answer is over, or with `signal` at any time. */
async function ask<T>(
  attempt: string,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`));
      late.abort();
    }, ANSWER_TIMEOUT_MS);
  });
  try {
    signal?.throwIfAborted(); // or dockerode would make a connection, and leave it open
    // dockerode never settles when an answer's body is cut short, hence the race.
    return await Promise.race([call(either), timeout]);
  } catch (cause) {
    throw new OutageError("docker", attempt, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function parse<T>(schema: z.ZodType<T>, attempt: string, body: unknown): T {
  const json = Buffer.isBuffer(body) ? body.toString() : body;
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new OutageError("docker", `${attempt} (unexpected answer)`, { cause: parsed.error });
}

const Missing = z.object({ statusCode: z.literal(404), json: z.object({ message: z.string() }) });

/** Whether the Engine itself says that there is no such container, and not something that answers in its place. */
function isMissing(error: unknown): boolean {
  const { data } = Missing.safeParse(error);
  return data !== undefined && /no such container/i.test(data.json.message);
}

function statusOf(error: unknown): number {
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 0;
}

/** @throws {RangeError} if the address is neither a socket nor TCP. */
function connection(host: string): Docker.DockerOptions {
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  const url = new URL(host);
  if (url.protocol !== "tcp:" && url.protocol !== "http:") {
    throw new RangeError(
      `Cannot reach the Docker Engine at "${host}": expected unix:///path or tcp://host:port`,
    );
  }
  return { host: url.hostname, port: Number(url.port || 2375), protocol: "http" };
}
