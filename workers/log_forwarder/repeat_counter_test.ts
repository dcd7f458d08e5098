import { assertEquals } from "@std/assert";
import { logEventId } from "lib/event/event_id.ts";
import { RepeatCounter } from "./repeat_counter.ts";

const at = (nanos: string) => `2026-01-15T12:00:00.${nanos}Z`;

Deno.test("RepeatCounter counts equal lines of one stream in one microsecond, and only those", () => {
  const counter = new RepeatCounter();
  const count = (stream: "stdout" | "stderr", nanos: string, text: string) =>
    counter.count({ stream, time: at(nanos), text });
  assertEquals(count("stdout", "000001000", "same"), 1);
  assertEquals(count("stdout", "000001999", "same"), 2);
  assertEquals(count("stderr", "000001999", "same"), 1);
  assertEquals(count("stdout", "000001999", "other"), 1);
  assertEquals(count("stdout", "000001999", "same"), 3);
  assertEquals(count("stdout", "000002000", "same"), 1);
});

Deno.test("G1 no two lines of one microsecond get the same event id, whatever they say", () => {
  for (const texts of [["a", "a", "a:2"], ["a:2", "a", "a"], ["a", "a:2", "a:2", "a", "a:2:2", "a", "a:3"]]) {
    const counter = new RepeatCounter();
    const ids = texts.map((text) => {
      const line = { stream: "stdout", time: at("000001000"), text } as const;
      const fact = {
        job_id: "job-1",
        job_type: "plugin",
        container_name: "job-1",
        stream: "stdout",
        line: text,
      };
      return logEventId({ ...fact, timestamp: "2026-01-15T12:00:00.000001+00:00" }, counter.count(line));
    });
    assertEquals(new Set(ids).size, texts.length, texts.join(", "));
  }
});
