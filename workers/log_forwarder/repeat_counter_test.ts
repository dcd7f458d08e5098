import { assertEquals } from "@std/assert";
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
