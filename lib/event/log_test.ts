import { assert, assertEquals } from "@std/assert";
import { LogEvent } from "./log.ts";

const event = {
  event_id: "x",
  job_id: "job-1",
  job_type: "copy",
  container_name: "job-1-copy",
  line: "",
  timestamp: "2026-01-15T12:01:02.000007+00:00",
};

Deno.test("LogEvent takes an empty line that is no end-of-stream marker", () => {
  const parsed = LogEvent.parse(event);
  assertEquals([parsed.line, parsed.stream, parsed.eos], ["", "", false]);
});

Deno.test("LogEvent takes an end-of-stream marker of a container that wrote nothing", () => {
  assertEquals(LogEvent.parse({ ...event, eos: true, seq: 0 }).seq, 0);
});

Deno.test("LogEvent refuses streams, counts and lengths that cannot be", () => {
  for (const wrong of [{ stream: "stdin" }, { seq: -1 }, { seq: 1.5 }, { truncated: 0 }, { line: null }]) {
    assert(!LogEvent.safeParse({ ...event, ...wrong }).success, JSON.stringify(wrong));
  }
});
