/**
 * Sends a request exactly as it was made up: nothing normalises its path.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import type { FuzzAnswer } from "./answers.ts";
import type { FuzzRequest } from "./requests.ts";

/** Longest wait for an answer to begin (ms): more than one may ask to wait for confirmations. */
const ANSWER_MS = 40_000;
/** Longest wait for it to end, unless it is a stream of events (ms). */
const BODY_MS = 30_000;
/** How long a stream of events is read (ms). */
const EVENTS_MS = 100;
/** Most that is read of a body (bytes). */
const MAX_BYTES = 8_388_608;

/** No answer, or no end of it. */
export class HangError extends Error {
  override readonly name = "HangError";
}

/** One connection pool to one service. */
export class Sender implements Disposable {
  readonly #origin: URL;
  readonly #answerMs: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  /** `answerMs`: longest wait for an answer to begin. */
  constructor(origin: string, answerMs = ANSWER_MS) {
    this.#origin = new URL(origin);
    this.#answerMs = answerMs;
  }

  /** @throws {HangError} */
  async send({ operation, target, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
    const bytes = body === null ? null : Buffer.from(body.toWellFormed());
    const answered = Promise.withResolvers<IncomingMessage>();
    const { hostname, port } = this.#origin;
    const request = httpRequest({
      hostname,
      port,
      agent: this.#agent,
      method: operation.method,
      path: target,
      headers: bytes ? { ...headers, "content-length": bytes.length } : { ...headers },
    }, answered.resolve);
    request.on("error", answered.reject);
    request.end(bytes ?? undefined);
    const hang = new HangError(`no answer within ${this.#answerMs} ms`);
    const late = timer(this.#answerMs, () => answered.reject(hang));
    try {
      return await readAnswer(await answered.promise);
    } finally {
      clearTimeout(late);
      request.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function readAnswer(message: IncomingMessage): Promise<FuzzAnswer> {
  const isEvents = message.headers["content-type"]?.startsWith("text/event-stream");
  const chunks: Buffer[] = [];
  let size = 0;
  const ended = Promise.withResolvers<boolean>();
  const late = timer(isEvents ? EVENTS_MS : BODY_MS, () => {
    if (isEvents) ended.resolve(false);
    else ended.reject(new HangError(`answer ${message.statusCode} without an end within ${BODY_MS} ms`));
  });
  message.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if ((size += chunk.length) > MAX_BYTES) ended.resolve(false);
  });
  message.on("end", () => ended.resolve(true));
  message.on("error", ended.reject);
  try {
    const whole = await ended.promise;
    const headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
    );
    return { status: message.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString(), whole };
  } finally {
    clearTimeout(late);
    message.destroy();
  }
}

function timer(ms: number, then: () => void): ReturnType<typeof setTimeout> {
  return setTimeout(then, ms);
}
