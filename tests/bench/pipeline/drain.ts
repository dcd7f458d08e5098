/**
 * A program that does the least a log forwarder could do: starts a container and reads its log to the end with
 * dockerode. Prints how many frames came, and how long it took from the start (ms), as JSON.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import { openDocker } from "../../../deploy/dev/docker_client.ts";

const [host = "", id = ""] = Deno.args;
const container = openDocker(host).getContainer(id);
const begin = performance.now();
await container.start();
const stream = await container.logs({
  follow: true,
  stdout: true,
  stderr: true,
  timestamps: true,
}) as Readable;
let frames = 0;
let rest: Buffer = Buffer.alloc(0);
stream.on("data", (chunk: Buffer) => {
  const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
  let at = 0;
  while (bytes.length - at >= 8 && bytes.length - at >= 8 + bytes.readUInt32BE(at + 4)) {
    at += 8 + bytes.readUInt32BE(at + 4);
    frames++;
  }
  rest = bytes.subarray(at);
});
await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
console.log(JSON.stringify({ frames, ms: performance.now() - begin }));
