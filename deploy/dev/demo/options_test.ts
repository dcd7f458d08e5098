import { assertEquals, assertThrows } from "@std/assert";
import { demoOptions } from "./options.ts";

Deno.test("demoOptions() stays up with a sample on any port unless told otherwise", () => {
  assertEquals(demoOptions([]), { once: false, sample: true, port: 0, help: false });
  assertEquals(demoOptions(["--no-sample", "--port", "8080"]), {
    once: false,
    sample: false,
    port: 8080,
    help: false,
  });
});

Deno.test("demoOptions() refuses what makes no sense", () => {
  assertThrows(() => demoOptions(["--port", "http"]), RangeError, '"http"');
  assertThrows(() => demoOptions(["--port", "65536"]), RangeError);
  assertThrows(() => demoOptions(["--once", "--no-sample"]), RangeError, "nothing to wait for");
  assertThrows(() => demoOptions(["--onec"]), TypeError, "onec");
  assertThrows(() => demoOptions(["once"]), TypeError);
});
