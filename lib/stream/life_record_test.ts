import { assertEquals, assertRejects } from "@std/assert";
import type { Redis } from "ioredis";
import { LifeRecord, PublicationsLostError } from "./life_record.ts";

/** A Redis that counts publications, and once loses the last one behind its answer, before it takes the next. */
function forgetful() {
  let count = 0;
  let calls = 0;
  const publish = async (...args: (string | number)[]) => {
    await Promise.resolve(); // on its way
    if (++calls === 2) count--;
    return count < Number(args[8]) ? [0, -1] : [1, ++count];
  };
  const redis = {
    defineCommand: () => {},
    chrisPublishLife: publish,
    get: () => Promise.resolve(String(count)),
  };
  return redis as unknown as Redis;
}

Deno.test("G14 LifeRecord notices the loss of a publication while others of its own are on their way", async () => {
  const record = new LifeRecord(forgetful(), "default");
  const publish = (id: string) =>
    record.publish({
      containerId: id,
      stream: "status",
      maxlen: 1_000,
      events: [{ id, data: id }],
      live: "",
    });
  const [first, second] = [publish("a"), publish("b")];
  assertEquals(await first, 1);
  await assertRejects(() => second, PublicationsLostError);
  assertEquals(await record.hasLost(), true);
});
