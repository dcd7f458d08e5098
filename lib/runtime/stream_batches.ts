/**
 * A byte stream of Node → batches of its chunks.
 *
 * @module
 */
import type { Readable } from "node:stream";

/** A stream whose waiting bytes reach this many is paused until they are taken. */
const HIGH_WATER_BYTES = 256 * 1024;

/**
 * Everything that arrives on `stream`, in batches of all that came since the last batch was taken: the Engine
 * sends each log line in a chunk of its own, and work per batch is much less than work per line.
 *
 * Ends with the stream, or when `signal` aborts; the stream is destroyed on every way out.
 *
 * @throws whatever the stream fails with, after the chunks that came before.
 */
export async function* streamBatches(stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  let end: { error: unknown } | null = null;
  let wake = () => {};
  const finish = (error: unknown) => {
    end ??= { error };
    wake();
  };
  const abort = () => finish(null);
  stream.on("data", (chunk: Uint8Array) => {
    batch.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= HIGH_WATER_BYTES) stream.pause();
    wake();
  });
  stream.on("end", () => finish(null));
  stream.on("error", finish);
  stream.on("close", () => finish(new Error("connection closed before the end")));
  signal.addEventListener("abort", abort);
  try {
    while (!signal.aborted) {
      if (batch.length > 0) {
        const taken = batch;
        batch = [];
        bytes = 0;
        if (stream.isPaused()) stream.resume();
        yield taken;
      } else if (end !== null) {
        const { error } = end as { error: unknown };
        if (error !== null) throw error;
        return;
      } else {
        await new Promise<void>((resolve) => wake = resolve);
      }
    }
  } finally {
    signal.removeEventListener("abort", abort);
    stream.destroy();
  }
}
