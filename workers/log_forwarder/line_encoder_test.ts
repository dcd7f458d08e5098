import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeLogEvent } from "lib/event/codec.ts";
import { LineEncoder } from "./line_encoder.ts";
import { lineEvent, type LogSubject } from "./log_events.ts";
import type { NewLine } from "./log_progress.ts";

const text = fc.string({ unit: "binary", maxLength: 40 });

const subjects: fc.Arbitrary<LogSubject> = fc.record({
  container_id: text,
  container_name: text,
  job_id: text,
  job_type: fc.constantFrom("copy", "plugin", "upload", "delete"),
  created_at: fc.constant("2026-01-15T12:01:01.5Z"),
});

/** Times close to each other, on both sides of a second, and forms that no runtime should write. */
const times = fc.oneof(
  fc.nat(2_000_000_000).map((nanos) =>
    `2026-01-15T12:01:0${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, "0")}Z`
  ),
  fc.constantFrom("2026-01-15T12:01:00.000000999Z", "2026-01-15T23:59:59.999999999Z"),
);

const lines: fc.Arbitrary<NewLine> = fc.record({
  stream: fc.constantFrom("stdout", "stderr", ""),
  time: times,
  text,
  lossy: fc.boolean(),
  truncated: fc.option(fc.integer({ min: 1 })),
  seq: fc.nat(),
  repeat: fc.integer({ min: 1, max: 3 }),
});

Deno.test("LineEncoder writes what encodeLogEvent() makes of the line's event, whatever came before", () => {
  fc.assert(fc.property(subjects, fc.array(lines, { maxLength: 8 }), (subject, input) => {
    const encoder = new LineEncoder(subject);
    for (const line of input) assertEquals(encoder.encode(line), encodeLogEvent(lineEvent(subject, line)));
  }));
});

Deno.test("LineEncoder says what encodeLogEvent() says of a line that follows a gap", () => {
  const subject: LogSubject = {
    container_id: "c",
    container_name: "job",
    job_id: "job",
    job_type: "plugin",
    created_at: "2026-01-15T12:01:01.5Z",
  };
  const line: NewLine = {
    stream: "stdout",
    time: "2026-01-15T12:01:02.000000999Z",
    text: "after",
    lossy: false,
    truncated: null,
    seq: 2,
    repeat: 1,
    gap: true,
  };
  assertEquals(new LineEncoder(subject).encode(line), encodeLogEvent(lineEvent(subject, line)));
});
