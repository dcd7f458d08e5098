import { assertEquals, assertRejects } from "@std/assert";
import { unlessAborted } from "./unless_aborted.ts";

Deno.test("unlessAborted() gives the answer, or the fault, that comes first", async () => {
  const never = new AbortController().signal;
  assertEquals(await unlessAborted(Promise.resolve(7), never), 7);
  await assertRejects(() => unlessAborted(Promise.reject(new TypeError("no")), never), TypeError, "no");
});

Deno.test("unlessAborted() gives null when the signal aborts first, or has aborted, and ignores a later fault", async () => {
  const stop = new AbortController();
  const late = Promise.withResolvers<number>();
  const answer = unlessAborted(late.promise, stop.signal);
  stop.abort();
  assertEquals(await answer, null);
  late.reject(new Error("too late to matter"));
  assertEquals(await unlessAborted(Promise.reject(new Error("neither does this")), stop.signal), null);
});
