import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeLogEvent } from "lib/event/codec.ts";
import type { LogEvent } from "lib/event/log.ts";
import { logEncoder } from "./log_encoder.ts";

const text = fc.string({ unit: "binary" });
// Few values each, so that lines of one container follow each other, and others come between.
const event: fc.Arbitrary<LogEvent> = fc.record({
  event_id: text,
  job_id: fc.constantFrom("job-a", 'job "b"'),
  job_type: fc.constantFrom("plugin", "copy"),
  container_name: fc.constantFrom("name", "na\nme\u0000"),
  line: text,
  stream: fc.constantFrom("stdout", "stderr", ""),
  eos: fc.boolean(),
  timestamp: fc.constantFrom("2026-01-15T10:00:00+00:00", "2026-01-15T10:00:00.000123+00:00"),
  container_id: fc.constantFrom("c".repeat(64), "d"),
  seq: fc.nat(),
  lossy: fc.boolean(),
  truncated: fc.integer({ min: 1 }),
  gap: fc.boolean(),
}, {
  requiredKeys: ["event_id", "job_id", "job_type", "container_name", "line", "stream", "eos", "timestamp"],
  noNullPrototype: true,
});

Deno.test("logEncoder() writes every event of a log as encodeLogEvent() does, whatever came before it", () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 20 }), (events) => {
    assertEquals(events.map(logEncoder()), events.map(encodeLogEvent));
  }));
});
