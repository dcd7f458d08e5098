import { assertEquals } from "@std/assert";
import { Semaphore } from "./semaphore.ts";

Deno.test("Semaphore lets no more in than it has places, the others in turn", async () => {
  const semaphore = new Semaphore(2);
  const entered: number[] = [];
  const inside = [1, 2, 3, 4].map(async (visitor) => {
    const place = await semaphore.enter();
    entered.push(visitor);
    return place;
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(entered, [1, 2]);
  const first = await inside[0];
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose](); // leaving twice frees one place
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(entered, [1, 2, 3]);
  (await inside[1])?.[Symbol.dispose]();
  await inside[3];
  assertEquals(entered, [1, 2, 3, 4]);
});
