/**
 * Chance that follows from a seed, and a pfcon that has a bad day by it.
 *
 * @module
 */
import { json } from "lib/testing/strict_pfcon.ts";
import type { Interference } from "./pfcon_bench.ts";

/** Numbers in [0, 1) that follow from `seed` alone. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Answers of a pfcon that has a bad day. */
export function badDay(random: () => number): Interference {
  return async (call, pass) => {
    const luck = random();
    if (luck < 0.1) return new Response("<h1>bad gateway</h1>", { status: 502 });
    if (luck < 0.2) return json(500, { message: "the engine has the hiccups" });
    if (luck < 0.3 && call.startsWith("POST")) return json(409, { message: "not yet" });
    if (luck < 0.4 && call.startsWith("POST")) { // done, but the answer is lost
      await pass();
      return new Response("", { status: 504 });
    }
    return undefined;
  };
}
