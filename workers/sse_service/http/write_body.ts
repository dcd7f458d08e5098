import type { ServerResponse } from "node:http";

/** Most of a body that is held back to learn its length (bytes), but for one chunk more. */
const HELD_BACK = 65_536;

/**
 * Writes a body as fast as the client takes it, and ends the answer. If the client goes, the body is cancelled: what
 * makes it then stops. If the body fails, the connection breaks off. `begin` sends the head, with the length of the body if all of it was there at once.
 */
export async function writeBody(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  begin: (length: number | null) => void,
): Promise<void> {
  const reader = body.getReader();
  let wake = () => {};
  const gone = () => {
    reader.cancel().catch(() => {}); // it has failed by itself
    wake();
  };
  outgoing.once("close", gone);
  outgoing.on("drain", () => wake());
  outgoing.on("error", gone);
  reader.closed.catch(() => outgoing.destroy()); // also while it is waited for the client
  const { chunks, next } = await readReady(reader);
  begin(next ? null : chunks.reduce((length, chunk) => length + chunk.byteLength, 0));
  for (const chunk of chunks) outgoing.write(chunk);
  for (let read = next; read; read = reader.read()) {
    const { value, done } = await read;
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value)) await new Promise<void>((resolve) => wake = resolve);
  }
  outgoing.end();
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** What can be read without waiting, and the read that is to be waited for; null if that was all. */
async function readReady(
  reader: Reader,
): Promise<{ chunks: Uint8Array[]; next: ReturnType<Reader["read"]> | null }> {
  const chunks: Uint8Array[] = [];
  const { promise: later, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, 0, null);
  try {
    for (let size = 0; size < HELD_BACK;) {
      const next = reader.read();
      const read = await Promise.race([next, later]);
      if (read === null) return { chunks, next };
      if (read.done) return { chunks, next: null };
      chunks.push(read.value);
      size += read.value.byteLength;
    }
    return { chunks, next: reader.read() };
  } finally {
    clearTimeout(timer);
  }
}
