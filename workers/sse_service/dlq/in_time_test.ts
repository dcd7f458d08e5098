import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "lib/run/outage_error.ts";
import { inTime } from "./in_time.ts";

Deno.test("G12 inTime() waits for no server that hangs, and keeps nobody who was answered waiting", async () => {
  const fault = await assertRejects(() => inTime("read a letter", new Promise(() => {}), 20), OutageError);
  assertEquals(fault.dependency, "redis");
  assertEquals(await inTime("read a letter", Promise.resolve(7), 3_600_000), 7);
  await assertRejects(() => inTime("read a letter", Promise.reject(new RangeError("x")), 20), RangeError);
});
