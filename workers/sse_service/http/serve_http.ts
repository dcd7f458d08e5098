/**
 * HTTP/1.1 for a handler of web requests, on `node:http`: an idle stream costs a third of what it costs on `Deno.serve`.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { writeEvents, writeResponse } from "./write_response.ts";

/** A server that listens. */
export interface HttpServer {
  readonly hostname: string;
  readonly port: number;
  /**
   * Takes nothing new, lets what is under way end (streams too: they must be told), and resolves then. What goes on for
   * longer than `patienceMs`, as a download does that nobody reads, is broken off; resolves to how many that were.
   */
  shutdown(patienceMs?: number): Promise<number>;
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

/** Most requests that a client may send before it has the answer to the first; browsers send one. */
const MAX_AHEAD = 100;

/** Listens. @throws {Error} if the address is taken or not ours. */
export async function serveHttp(handler: Handler, options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({
    headersTimeout: options.headTimeoutMs ?? 15_000,
    connectionsCheckingInterval: 2_000,
    requestTimeout: 0, // how long a body may take is the handler's business
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  });
  const connections = new Connections(server);
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    connections.turn(incoming, outgoing)
      .then(() => outgoing.destroyed ? undefined : answer(handler, incoming, outgoing))
      .catch(() => outgoing.destroy());
  };
  server.on("request", onRequest);
  server.on("checkContinue", onRequest); // the client is told to go on when somebody wants its body
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(options.port, options.hostname, BACKLOG, listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("Cannot serve HTTP: no address to serve at");
  }
  return {
    hostname: address.address,
    port: address.port,
    shutdown: (patienceMs = Infinity) => shutdown(server, connections, patienceMs),
  };
}

async function answer(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const request = requestOf(incoming, outgoing);
  if (request === null) {
    const text = '{"error":{"code":"malformed_request","message":"the address or a header cannot be read"}}';
    outgoing.writeHead(400, {
      "content-type": "application/json",
      "content-length": text.length,
      "connection": "close",
    });
    outgoing.end(text);
    return;
  }
  const response = await handler(request);
  const isStream = /^text\/event-stream\b/.test(response.headers.get("content-type") ?? "");
  if (isStream) await writeEvents(response, outgoing, incoming.method === "HEAD");
  else await writeResponse(response, outgoing, incoming.method === "HEAD");
  if (!incoming.complete) incoming.resume(); // a body that nobody looked at
}

/** Methods that a web request cannot have. */
const UNSPEAKABLE = /^(?:CONNECT|TRACE|TRACK)$/i;

/** Null if it cannot be expressed: an address that is no URL. */
function requestOf(incoming: IncomingMessage, outgoing: ServerResponse): Request | null {
  const { url = "/", rawHeaders } = incoming;
  const method = UNSPEAKABLE.test(incoming.method ?? "GET") ? "UNSPEAKABLE" : incoming.method ?? "GET";
  try {
    const headers = new Headers();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
    }
    const address = url.startsWith("/") ? `http://${headers.get("host") ?? "localhost"}${url}` : url;
    const hasBody = method !== "GET" && method !== "HEAD" &&
      (headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 0);
    return new Request(
      address,
      hasBody ? { method, headers, body: bodyOf(incoming, outgoing) } : { method, headers },
    );
  } catch {
    return null;
  }
}

/** Read as it is wanted. An upload that breaks off is an error, not an end. */
function bodyOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks: AsyncIterator<Uint8Array<ArrayBuffer>> = incoming.iterator({ destroyOnReturn: false });
  const { shouldKeepAlive } = outgoing;
  let awaited = /^100-continue$/i.test(incoming.headers.expect ?? "");
  // Where it is never told to go on, nobody knows whether what comes next is the body or another request.
  if (awaited) outgoing.shouldKeepAlive = false;
  return new ReadableStream({
    async pull(controller) {
      if (awaited) {
        awaited = false;
        outgoing.shouldKeepAlive = shouldKeepAlive;
        outgoing.writeContinue();
      }
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

function shutdown(server: Server, connections: Connections, patienceMs: number): Promise<number> {
  const closed = Promise.withResolvers<number>();
  const begun = performance.now();
  let broken = 0;
  // A connection may become idle only now, with the end of its last answer.
  const sweep = setInterval(() => {
    connections.closeIdle();
    if (performance.now() - begun > patienceMs) broken += connections.closeAll();
  }, IDLE_SWEEP_MS);
  server.close(() => {
    clearInterval(sweep);
    closed.resolve(broken);
  });
  connections.closeIdle();
  return closed.promise;
}

/** Who is connected. The server itself takes for busy whoever has not yet made his first request, as browsers do. */
class Connections {
  readonly #open = new Map<Socket, { requests: number; lastAnswered: Promise<void> }>();

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      this.#open.set(socket, { requests: 0, lastAnswered: Promise.resolve() });
      socket.once("close", () => void this.#open.delete(socket));
    });
  }

  /**
   * Keeps a request's connection until it is answered. Resolves when those before it are: whoever sends many and reads
   * nothing must not have the answers to all of them made, and kept.
   */
  async turn({ socket }: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const connection = this.#open.get(socket);
    if (!connection) return;
    const before = connection.lastAnswered;
    connection.lastAnswered = new Promise((resolve) =>
      outgoing.once("close", () => {
        connection.requests--;
        resolve();
      })
    );
    if (++connection.requests > MAX_AHEAD) socket.destroy();
    await before;
  }

  /** Ends connections on which nothing is being answered. */
  closeIdle(): void {
    for (const [socket, { requests }] of this.#open) if (requests === 0) socket.destroy();
  }

  /** Ends all; how many. */
  closeAll(): number {
    const open = [...this.#open.keys()].filter((socket) => !socket.destroyed);
    for (const socket of open) socket.destroy();
    return open.length;
  }
}
