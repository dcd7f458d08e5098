import type { ServerResponse } from "node:http";

/**
 * Writes a body as fast as the client takes it, and ends the answer. If the client goes, the body is cancelled: what
 * makes it then stops. Of a HEAD request nothing is read.
 */
export async function writeBody(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  isHead: boolean,
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
  if (isHead) await reader.cancel();
  for (;;) {
    const { value, done } = await reader.read();
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value)) await new Promise<void>((resolve) => wake = resolve);
  }
  outgoing.end();
}
