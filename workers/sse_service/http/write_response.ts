/**
 * Web responses over `node:http`.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Connection, type DirectBody, directBodyOf } from "./direct_body.ts";
import { writeBody } from "./write_body.ts";

/** Statuses whose answers have no body, and so no length of it either. */
const BODILESS = new Set([204, 304]);

/** An answer whose length is told if all of it is there, and which goes out in pieces otherwise. */
export async function writeResponse(
  { status, headers, body }: Response,
  outgoing: ServerResponse,
  isHead: boolean,
): Promise<void> {
  const head = [...headers];
  if (isHead || BODILESS.has(status)) {
    await body?.cancel();
    outgoing.writeHead(status, head.flat());
    outgoing.end();
    return;
  }
  const send = (length: number | null) => {
    if (length !== null && !headers.has("content-length")) head.push(["content-length", String(length)]);
    outgoing.writeHead(status, head.flat());
  };
  if (body) return await writeBody(body, outgoing, send);
  send(0);
  outgoing.end();
}

/**
 * A stream of events. It ends with its connection, so that a chunk shared by many clients goes out as it is, without a
 * frame of its own.
 */
export async function writeEvents(
  { status, headers, body }: Response,
  outgoing: ServerResponse,
  isHead: boolean,
): Promise<void> {
  outgoing.removeHeader("transfer-encoding");
  outgoing.useChunkedEncodingByDefault = false;
  outgoing.writeHead(status, [...headers, ["connection", "close"]].flat());
  const { socket } = outgoing;
  if (body === null || isHead) {
    await body?.cancel();
    outgoing.end();
    return;
  }
  const direct = directBodyOf(body);
  // One that waits for its turn on a connection has no socket yet.
  if (direct === null || socket === null) {
    outgoing.flushHeaders();
    return await writeBody(body, outgoing, () => {});
  }
  socket.cork(); // the head, and what follows it at once
  outgoing.flushHeaders();
  connect(direct, outgoing, socket);
  socket.uncork();
}

function connect(body: DirectBody, outgoing: ServerResponse, socket: Socket): void {
  const connection: Connection = {
    write: (chunk) => void socket.write(chunk),
    get waiting() {
      return socket.writableLength;
    },
    drainedFrom: socket.writableHighWaterMark,
    end: () => void outgoing.end(),
  };
  outgoing.on("error", () => body.gone());
  outgoing.once("close", () => body.gone());
  socket.on("drain", () => body.drained());
  if (outgoing.destroyed) body.gone();
  else body.connect(connection);
}
