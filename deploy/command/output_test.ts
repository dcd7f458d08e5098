import { assertEquals, assertThrows } from "@std/assert";
import { Output, OutputClosedError, OutputFailedError } from "./output.ts";

Deno.test("Output writes all of a text, however little of it is taken at a time", () => {
  const taken: number[] = [];
  const out = new Output({ writeSync: (bytes) => taken.push(bytes[0] ?? 0) && 1 });
  out.line("ab");
  out.json({ a: 1 });
  assertEquals(String.fromCharCode(...taken), 'ab\n{"a":1}\n');
});

Deno.test("Output says so when nobody reads any more, and why else it cannot write", () => {
  const failing = (error: Error) =>
    new Output({
      writeSync: () => {
        throw error;
      },
    });
  assertThrows(() => failing(new Deno.errors.BrokenPipe()).line("x"), OutputClosedError);
  const full = new Error("No space left on device (os error 28)");
  assertThrows(() => failing(full).line("x"), OutputFailedError, "Cannot write: No space left");
});
