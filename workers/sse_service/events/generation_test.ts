import { assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { readGeneration } from "./generation.ts";

Deno.test("readGeneration() takes the generation that another replica has begun in between", async () => {
  let held: string | null = null;
  const redis = {
    get: () => Promise.resolve(held),
    set: (_: string, value: string, mode?: string) => {
      const theirs = "theirs01"; // written between our look and our own try
      held = mode === "NX" ? theirs : value;
      return Promise.resolve(null);
    },
    info: () => Promise.resolve("run_id:abcdef0123\r\n"),
  } as unknown as Redis;
  assertEquals(await readGeneration(redis), "theirs01abcdef");
});
