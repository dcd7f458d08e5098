import { assert, assertEquals, assertRejects } from "@std/assert";
import { PassThrough } from "node:stream";
import { streamBatches } from "./stream_batches.ts";

const never = new AbortController().signal;
const text = (value: string) => new TextEncoder().encode(value);

async function collect(batches: AsyncIterable<Uint8Array[]>): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of batches) {
    texts.push(batch.map((chunk) => new TextDecoder().decode(chunk)).join("|"));
  }
  return texts;
}

Deno.test("streamBatches() gives all chunks in order, those that wait together in one batch", async () => {
  const stream = new PassThrough();
  const batches = streamBatches(stream, never);
  const first = batches.next();
  stream.write(text("a"));
  assertEquals((await first).value?.length, 1);
  for (const chunk of ["b", "c", "d"]) stream.write(text(chunk));
  stream.end();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(await collect(batches), ["b|c|d"]);
});

Deno.test("streamBatches() gives what came before a fault, then throws it", async () => {
  const stream = new PassThrough();
  const batches = streamBatches(stream, never);
  const first = batches.next();
  stream.write(text("a"));
  await first;
  stream.write(text("b"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  stream.destroy(new Error("cut"));
  assertEquals((await batches.next()).value?.length, 1);
  await assertRejects(() => batches.next(), Error, "cut");
});

Deno.test("streamBatches() takes a stream that closes without an end for cut", async () => {
  const stream = new PassThrough();
  const batches = streamBatches(stream, never);
  const first = batches.next();
  stream.destroy();
  await assertRejects(() => first, Error, "closed before the end");
});

Deno.test("streamBatches() ends at the abort, also while it waits, and lets go of the stream", async () => {
  const stop = new AbortController();
  const stream = new PassThrough();
  const waiting = collect(streamBatches(stream, stop.signal));
  await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  assertEquals(await waiting, []);
  assert(stream.destroyed);
});

Deno.test("streamBatches() takes no more from a stream than a bounded amount that nobody has taken yet", async () => {
  const stream = new PassThrough({ highWaterMark: 1_024 });
  const batches = streamBatches(stream, never);
  const first = batches.next();
  let written = 0;
  while (written < 10_000_000 && stream.write(new Uint8Array(65_536))) written += 65_536;
  await first;
  for (let i = 0; i < 200; i++) {
    if (stream.write(new Uint8Array(65_536))) written += 65_536;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert(written < 2_000_000, `the source was slowed down, it wrote ${written}`);
  await batches.return(undefined);
});
