import { assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import type { AttackableWorld } from "../world/attackable_world.ts";
import { addEntry } from "./add_entry.ts";

Deno.test("addEntry() goes farther ahead each time that others were faster, and tells of an id before it is used", async () => {
  const announced: string[] = [];
  const noted: string[] = [];
  const world = {
    redisGeneration: 0,
    announceInjected: (_: string, id: string) => void announced.push(id),
    noteInjected: ({ id }: { id: string }) => void noted.push(id),
  } as unknown as AttackableWorld;
  let newestMs = 0;
  const redis = {
    time: () => Promise.resolve(["1", "0"]),
    xrevrange: () => Promise.resolve([[`${newestMs}-0`, []]]),
    xadd: (_: string, id: string) => {
      assertEquals(announced.at(-1), id);
      newestMs = 1_100; // somebody else's, added while this one was on its way
      return parseInt(id) > newestMs ? Promise.resolve(id) : Promise.reject(new Error("equal or smaller"));
    },
  } as unknown as Redis;
  await addEntry(world, redis, { stream: "s", kind: "poison", fields: { data: "x" } });
  assertEquals([announced, noted], [["1005-0", "1120-0"], ["1120-0"]]);
});
