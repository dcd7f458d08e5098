import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LogEvent } from "lib/client/chris_client.ts";
import { Output } from "../command/output.ts";
import { writeLogLine } from "./write_log_line.ts";

/** Outputs that are kept. */
function kept() {
  const written: Record<"out" | "err", number[]> = { out: [], err: [] };
  const output = (name: "out" | "err") =>
    new Output({
      writeSync: (bytes) => {
        for (const byte of bytes) written[name].push(byte);
        return bytes.length;
      },
    });
  return {
    outputs: { out: output("out"), err: output("err") },
    text: (name: "out" | "err") =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(written[name])),
  };
}

function event(fields: Partial<LogEvent>): LogEvent {
  return {
    event_id: "e",
    job_id: "j",
    job_type: "plugin",
    container_name: "j",
    line: "",
    stream: "",
    eos: false,
    timestamp: "2026-01-15T10:00:00+00:00",
    ...fields,
  };
}

// deno-lint-ignore no-control-regex
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

Deno.test("G13 writeLogLine() writes one line that does nothing to a terminal, whatever the text", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(
      fc.constantFrom("\x1b", "[31m", "]0;x\x07", "\r", "\n", "\u009b", "\u202e", "\u2028", "\ufeff", "é"),
    )
      .map((parts) => parts.join("")),
  );
  fc.assert(fc.property(anyText, (line) => {
    const { outputs, text } = kept();
    writeLogLine(event({ line }), outputs, { raw: false, timestamps: false });
    assertEquals(OBEYED.test(text("out")), false);
    assertEquals(text("out").indexOf("\n"), text("out").length - 1);
  }));
});

Deno.test("writeLogLine() leaves ordinary text as it is, and all text where it is wanted raw", () => {
  const { outputs, text } = kept();
  const style = { raw: false, timestamps: false };
  writeLogLine(event({ line: "a\\b\tC:\\x ünï 🎉" }), outputs, style);
  writeLogLine(event({ line: "\x1b[31m\r", stream: "stdout" }), outputs, { raw: true, timestamps: true });
  writeLogLine(event({ line: "wrong", stream: "stderr" }), outputs, style);
  assertEquals(text("out"), "a\\b\tC:\\x ünï 🎉\n2026-01-15T10:00:00+00:00 \x1b[31m\r\n");
  assertEquals(text("err"), "wrong\n");
});
