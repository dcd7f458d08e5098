import { assert, assertEquals } from "@std/assert";
import { Random } from "../random.ts";
import { anyWishes } from "./user.ts";

Deno.test("anyWishes() cancels at every moment, retries only once, and follows from the seed", () => {
  const wishes = (seed: number) => anyWishes(new Random(seed));
  const all = Array.from({ length: 300 }, (_, seed) => wishes(seed));
  const moments = new Set(all.flat().map(({ moment }) => moment));
  assertEquals(moments.size, 8);
  for (const own of all) assert(own.filter(({ action }) => action === "retry").length <= 1);
  assert(all.some((own) => own.map(({ action }) => action).join() === "cancel,retry,cancel"));
  assertEquals(wishes(7), wishes(7));
});
