import { assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { silentLogger } from "lib/run/log.ts";
import { HeldCleanups } from "./held_cleanups.ts";

function bench() {
  const present = new Set<string>();
  const asked: string[][] = [];
  const mget = (keys: string[]) => {
    asked.push(keys);
    return Promise.resolve(keys.map((key) => present.has(key) ? "1" : null));
  };
  const hurried: string[] = [];
  const hurry = (jobId: string) => Promise.resolve(void hurried.push(jobId));
  const redis = { mget } as unknown as Redis;
  const held = new HeldCleanups({ redis, hurry, everyMs: 1, log: silentLogger });
  return { held, present, asked, hurried };
}

Deno.test("HeldCleanups hurries a cleanup on once every log of it is proven, by either key", async () => {
  const { held, present, hurried } = bench();
  held.hold("a", [["a:plugin", "container-1"], ["a:delete", "container-2"]]);
  held.hold("b", [["b:plugin"]]);
  assertEquals(await held.runOnce(), []);
  present.add("container-1").add("b:other");
  assertEquals(await held.runOnce(), []);
  present.add("a:delete");
  assertEquals(await held.runOnce(), ["a"]);
  assertEquals(hurried, ["a"]);
});

Deno.test("HeldCleanups asks Redis nothing while no cleanup is held, or its cleanup is being tried", async () => {
  const { held, asked } = bench();
  await held.runOnce();
  held.hold("a", [["a:plugin"]]);
  held.release("a");
  await held.runOnce();
  assertEquals(asked, []);
});

Deno.test("HeldCleanups hurries a few times, in case the cleanup was not back in the queue, then forgets it", async () => {
  const { held, present, hurried } = bench();
  held.hold("a", [["a:plugin"]]);
  present.add("a:plugin");
  for (let look = 0; look < 10; look++) await held.runOnce();
  assertEquals(hurried, ["a", "a", "a"]);
});

Deno.test("HeldCleanups forgets a cleanup that nobody tries any more", async () => {
  const { held, asked } = bench();
  held.hold("a", [["a:plugin"]]);
  for (let look = 0; look < 1_000; look++) await held.runOnce();
  assertEquals(asked.length, 400);
});
