import { assertEquals } from "@std/assert";
import { shardKey, shardOf } from "../keys.ts";
import type { FoundLetter } from "./found_letter.ts";
import { requeue, type RequeueOptions } from "./requeue.ts";

const BASE = "stream";
const MIB = 1024 * 1024;

/** The letter of the `n`th entry of one job, which is said to be of this size. */
function letter(n: number, size = 100): FoundLetter {
  return {
    id: `${n}-0`,
    originStream: shardKey(BASE, shardOf("job", 4)),
    originId: `${n}-0`,
    jobId: "job",
    fault: null,
    size,
    data: new Uint8Array(),
    reason: "handler failed",
    error: "no good",
    deliveries: 5,
    firstSeen: 0,
    at: 0,
  };
}

/** Puts back what is asked of these letters; the ids of each step. */
async function stepsOf(found: readonly FoundLetter[], options: RequeueOptions): Promise<string[][]> {
  const steps: string[][] = [];
  const letters = {
    source: { dlq: "dlq", base: BASE, numShards: 4, decode: (data: string) => data },
    async *pages() {
      yield [...found];
    },
    putBack(_stream: string, ids: readonly string[]) {
      steps.push([...ids]);
      if (steps.length > found.length) throw new Error("Cannot go on: more steps than letters");
      return Promise.resolve(ids.map((id) => `new ${id}`));
    },
  };
  await Array.fromAsync(requeue(letters, options));
  return steps;
}

Deno.test("requeue() puts back only as many as it is told, the first ones", async () => {
  const found = [1, 2, 3, 4].map((n) => letter(n));
  assertEquals(await stepsOf(found, { filter: {}, limit: 2 }), [["1-0", "2-0"]]);
  assertEquals(await stepsOf(found, { filter: {}, limit: 1 }), [["1-0"]]);
  assertEquals(await stepsOf(found, { filter: {}, limit: 9 }), [["1-0", "2-0", "3-0", "4-0"]]);
});

Deno.test("G9 requeue() moves about four megabytes in one step of Redis, and a larger letter by itself", async () => {
  const found = [3, 1, 9, 9, 1, 1].map((mib, index) => letter(index + 1, mib * MIB));
  assertEquals(await stepsOf(found, { filter: {} }), [["1-0", "2-0"], ["3-0"], ["4-0"], ["5-0", "6-0"]]);
  assertEquals(
    (await stepsOf(Array.from({ length: 501 }, (_, n) => letter(n + 1)), { filter: {} })).length,
    2,
  );
});
