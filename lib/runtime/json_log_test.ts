import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { LogFormatError } from "./docker_frames.ts";
import { JsonLogDecoder } from "./json_log.ts";

const TIME = "2026-01-15T12:01:02.123456789Z";

function record(log: string, stream = "stdout", time = TIME): string {
  return `${JSON.stringify({ log, stream, time })}\n`;
}

function decoded(...chunks: Uint8Array[]) {
  const decoder = new JsonLogDecoder();
  return chunks.flatMap((chunk) => decoder.decode(chunk)).map(({ bytes, ...rest }) => ({
    ...rest,
    line: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
  }));
}

Deno.test("G1 JsonLogDecoder gives each record's payload, wherever the chunks were cut", () => {
  const records = fc.array(fc.tuple(
    fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !text.includes("\n")),
    fc.boolean(),
    fc.constantFrom("stdout", "stderr"),
  ));
  fc.assert(fc.property(records, fc.array(fc.nat(2_000)), (all, cuts) => {
    const file = new TextEncoder().encode(
      all.map(([text, newline, stream]) => record(newline ? `${text}\n` : text, stream)).join(""),
    );
    const edges = [0, ...cuts.filter((cut) => cut < file.length).sort((a, b) => a - b), file.length];
    const chunks = edges.slice(1).map((edge, index) => file.slice(edges[index], edge));
    assertEquals(
      decoded(...chunks).map(({ line, newline, stream }) => [line, newline, stream]),
      all,
    );
  }));
});

Deno.test("G2 JsonLogDecoder tells times and text as the Engine's answers do", () => {
  const file = record("plain\n", "stdout", "2026-01-15T12:01:02.5Z") + record("grün\n", "stderr") +
    '{"log":"\\u003ca\\u003e \\ufffd\\n","stream":"stdout","attrs":{"tag":"x"},"time":"2026-01-15T14:01:02+02:00"}\n';
  const [plain, green, escaped] = decoded(new TextEncoder().encode(file));
  assertEquals([plain?.time, plain?.text, plain?.mended], ["2026-01-15T12:01:02.500000000Z", "plain", true]);
  assertEquals([green?.line, green?.text], ["grün", undefined]);
  assertEquals([escaped?.line, escaped?.time], ["<a> \ufffd", "2026-01-15T12:01:02.000000000Z"]);
});

Deno.test("JsonLogDecoder refuses what json-file does not write", () => {
  for (
    const bad of [
      "x\n",
      "{}\n",
      '"text"\n',
      "null\n",
      record("a\n", "stdin"),
      record("a\n", "stdout", "now"),
      "\0\0\0\n",
    ]
  ) {
    assertThrows(() => new JsonLogDecoder().decode(new TextEncoder().encode(bad)), LogFormatError);
  }
});
