import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { outputLines } from "./engine_log.ts";

function frame(stream: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

Deno.test("outputLines() joins what the engine's frames divide, by stream", () => {
  const frames = [frame(1, "on"), frame(2, "err\n"), frame(1, "e\n\ntw"), frame(1, "ö\nlast")];
  assertEquals(outputLines(Buffer.concat(frames)), [
    { stream: "stdout", text: "one" },
    { stream: "stdout", text: "" },
    { stream: "stdout", text: "twö" },
    { stream: "stdout", text: "last" },
    { stream: "stderr", text: "err" },
  ]);
  assertEquals(outputLines(new Uint8Array()), []);
  const complete = outputLines(Buffer.concat(frames), { complete: true });
  assertEquals(complete.map(({ text }) => text), ["one", "", "twö", "err"]);
});
