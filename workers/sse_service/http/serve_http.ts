/**
 * HTTP/1.1 for a handler of web requests, on `node:http`: an idle stream costs a third of what it costs on `Deno.serve`.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { writeBody } from "./write_body.ts";

/** A server that listens. */
export interface HttpServer {
  readonly hostname: string;
  readonly port: number;
  /** Takes nothing new, lets what is under way end (streams too: they must be told), and resolves then. */
  shutdown(): Promise<void>;
}

/** Where a server listens, and how patient it is. */
export interface HttpServerOptions {
  readonly hostname: string;
  /** 0: any free one. */
  readonly port: number;
  /** Longest time for a request's head (ms). @default 15_000 */
  readonly headTimeoutMs?: number;
}

/** What answers a request. It must not throw. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** Connections that may wait to be accepted, as when all clients come back at once. */
const BACKLOG = 4_096;
/** While it shuts down, connections without a request are looked for so often (ms). */
const IDLE_SWEEP_MS = 100;
/** Longer than proxies keep connections by default, so that the proxy and not we end them. */
const KEEP_ALIVE_MS = 75_000;

/** Listens. @throws {Error} if the address is taken or not ours. */
export async function serveHttp(handler: Handler, options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({
    headersTimeout: options.headTimeoutMs ?? 15_000,
    connectionsCheckingInterval: 2_000,
    requestTimeout: 0, // how long a body may take is the handler's business
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  }, (incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy());
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(options.port, options.hostname, BACKLOG, listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("Cannot serve HTTP: no address to serve at");
  }
  return { hostname: address.address, port: address.port, shutdown: () => shutdown(server) };
}

async function answer(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const request = requestOf(incoming);
  if (request === null) {
    outgoing.writeHead(400, { "content-type": "application/json", "connection": "close" });
    outgoing.end('{"error":{"code":"malformed_request","message":"the address or a header cannot be read"}}');
    return;
  }
  const response = await handler(request);
  const headers = [...response.headers];
  const isStream = /^text\/event-stream\b/.test(response.headers.get("content-type") ?? "");
  if (isStream) {
    // It ends with its connection, so that a chunk shared by many clients goes out as it is, without a frame of its own.
    outgoing.removeHeader("transfer-encoding");
    outgoing.useChunkedEncodingByDefault = false;
    headers.push(["connection", "close"]);
  }
  outgoing.writeHead(response.status, headers.flat());
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else await writeBody(response.body, outgoing, incoming.method === "HEAD");
  if (!incoming.complete) incoming.resume(); // a body that nobody looked at
}

/** Null if it cannot be expressed: an address that is no URL, a method that no handler may see. */
function requestOf(incoming: IncomingMessage): Request | null {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  try {
    const headers = new Headers();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
    }
    const address = url.startsWith("/") ? `http://${headers.get("host") ?? "localhost"}${url}` : url;
    const hasBody = method !== "GET" && method !== "HEAD" &&
      (headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 0);
    return new Request(address, hasBody ? { method, headers, body: bodyOf(incoming) } : { method, headers });
  } catch {
    return null;
  }
}

/** Read as it is wanted. An upload that breaks off is an error, not an end. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks: AsyncIterator<Uint8Array<ArrayBuffer>> = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return?.();
      incoming.resume(); // what nobody wanted, or it would be taken for the next request
    },
  }, { highWaterMark: 0 });
}

function shutdown(server: Server): Promise<void> {
  const closed = Promise.withResolvers<void>();
  // A connection may become idle only now, with the end of its last answer.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  server.close(() => {
    clearInterval(sweep);
    closed.resolve();
  });
  server.closeIdleConnections();
  return closed.promise;
}
