import { assertEquals, assertRejects } from "@std/assert";
import { SearchLimitError, SearchTurns } from "./search_limits.ts";

Deno.test("SearchTurns lets some search, some wait in order, and refuses the others", async () => {
  const turns = new SearchTurns(1, 2);
  const first = Promise.withResolvers<string>();
  const ended: number[] = [];
  const searches = [
    turns.take(() => first.promise).then(() => ended.push(1)),
    turns.take(() => Promise.reject(new Error("broken"))).catch(() => ended.push(2)),
    turns.take(() => Promise.resolve()).then(() => ended.push(3)),
  ];
  await assertRejects(() => turns.take(() => Promise.resolve()), SearchLimitError, "2 other searches wait");
  assertEquals(ended, []);
  first.resolve("done");
  await Promise.all(searches);
  assertEquals(ended, [1, 2, 3]);
  assertEquals(await turns.take(() => Promise.resolve("free again")), "free again");
});
