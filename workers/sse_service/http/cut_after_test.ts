import { assertEquals, assertRejects } from "@std/assert";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { cutAfter } from "./cut_after.ts";

/** A body of three chunks, one every ten seconds. */
function slowBody(told: { cancelled: boolean }) {
  let left = 3;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (left-- === 0) return controller.close();
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      if (!told.cancelled) controller.enqueue(Uint8Array.of(left));
    },
    cancel: () => void (told.cancelled = true),
  }, { highWaterMark: 0 });
}

Deno.test("cutAfter() gives a body that is done in time as it is", async () => {
  using time = new VirtualTime(0);
  const told = { cancelled: false };
  assertEquals(await new Response(cutAfter(slowBody(told), 31_000)).bytes(), Uint8Array.of(2, 1, 0));
  assertEquals([told.cancelled, time.now()], [false, 30_000], "and leaves no timer behind");
});

Deno.test("G12 cutAfter() makes a body fail when its time is over, and stops whatever makes it", async () => {
  using time = new VirtualTime(0);
  const told = { cancelled: false };
  const reader = cutAfter(slowBody(told), 25_000).getReader();
  await reader.read();
  await reader.read();
  await assertRejects(() => reader.read(), Error, "time is over");
  assertEquals([told.cancelled, time.now()], [true, 25_000]);
});

Deno.test("cutAfter() passes on that nobody reads any more", async () => {
  const told = { cancelled: false };
  await cutAfter(slowBody(told), 1e12).cancel();
  assertEquals(told.cancelled, true);
});
