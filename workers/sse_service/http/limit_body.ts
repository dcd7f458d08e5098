import type { MiddlewareHandler } from "hono";
import { errorBody } from "./app_error.ts";

/** What a body may cost. */
export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** Longest time that a client may take for its body (ms). @default 15_000 */
  readonly bodyTimeoutMs?: number;
}

/** Methods of requests whose bodies mean something; those of others are nobody's business. */
const WITH_BODY = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * Reads bodies before anything else does, as the server itself waits for ever: 413 for one that is too large, 408
 * for one that dribbles in, 400 for JSON that is no UTF-8: read on, it would become another text than was sent. An empty
 * body is none, whatever type it declares: many clients declare one with every request.
 */
export function limitBody({ maxBodyBytes, bodyTimeoutMs = 15_000 }: BodyLimits): MiddlewareHandler {
  return async (c, next) => {
    const { body } = c.req.raw;
    if (!WITH_BODY.has(c.req.method)) return await next();
    const declared = Number(c.req.header("content-length") ?? 0);
    const read = declared > maxBodyBytes ? "too large" : await bodyOf(body, maxBodyBytes, bodyTimeoutMs);
    if (read === "too large") {
      return c.json(errorBody("body_too_large", `expected a body of at most ${maxBodyBytes} bytes`), 413);
    }
    if (read === "too slow") {
      const message = `expected the whole body within ${bodyTimeoutMs / 1_000} seconds`;
      c.header("Connection", "close");
      return c.json(errorBody("body_too_slow", message), 408);
    }
    if (read === "cut off") return c.json(errorBody("malformed_request", "the body was cut off"), 400);
    if (/^application\/json\b/i.test(c.req.header("content-type") ?? "") && !isUtf8(read)) {
      return c.json(errorBody("malformed_request", "the body holds bytes that are no UTF-8"), 400);
    }
    const { url, method } = c.req.raw;
    const headers = new Headers(c.req.raw.headers);
    if (read.length === 0) headers.delete("content-type");
    c.req.raw = new Request(url, { method, headers, body: read.length === 0 ? null : read });
    return await next();
  };
}

async function bodyOf(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array<ArrayBuffer> | "too large" | "too slow" | "cut off"> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const late = Promise.withResolvers<"too slow">();
  const timer = setTimeout(() => late.resolve("too slow"), timeoutMs);
  try {
    for (let size = 0;;) {
      const read = await Promise.race([reader.read(), late.promise]);
      if (read === "too slow") return read;
      if (read.done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
      size += read.value.length;
      if (size > maxBytes) return "too large";
      chunks.push(read.value as Uint8Array<ArrayBuffer>);
    }
  } catch {
    return "cut off";
  } finally {
    clearTimeout(timer);
    // What is still to come is of no use; nothing to do for a body that ended.
    reader.cancel().catch(() => {});
  }
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
