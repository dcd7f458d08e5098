import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "lib/run/outage_error.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { cachedLook } from "./cached_look.ts";

Deno.test("cachedLook() asks once for all who look at the same time or soon after", async () => {
  let now = 0;
  let asked = 0;
  const look = cachedLook(() => Promise.resolve(++asked), { dependency: "redis", clock: () => now });
  assertEquals(await Promise.all([look(), look(), look()]), [1, 1, 1]);
  now = 999;
  assertEquals(await look(), 1);
  now = 1_000;
  assertEquals(await look(), 2);
});

Deno.test("cachedLook() does not keep a fault: whoever comes next asks again", async () => {
  let away = true;
  const look = cachedLook(
    () => away ? Promise.reject(new OutageError("redis", "look")) : Promise.resolve(1),
    {
      dependency: "redis",
    },
  );
  await assertRejects(look, OutageError);
  away = false;
  assertEquals(await look(), 1);
});

Deno.test("G8 cachedLook() lets nobody hang, and asks nobody twice who still owes an answer", async () => {
  using time = new VirtualTime(0);
  const answer = Promise.withResolvers<number>();
  let asked = 0;
  const look = cachedLook(() => {
    asked++;
    return answer.promise;
  }, { dependency: "redis", clock: time.now });
  await assertRejects(look, OutageError, "redis is unavailable");
  await assertRejects(look, OutageError, "no answer within 2000 ms");
  assertEquals([asked, time.now()], [1, 4_000]);
  answer.resolve(5);
  assertEquals([await look(), asked], [5, 1]);
});
