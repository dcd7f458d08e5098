import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { shardKey, shardKeys, shardOf } from "./keys.ts";

Deno.test("shardOf() keeps a job on one shard, which always exists", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 1_024 }), (jobId, shards) => {
      const shard = shardOf(jobId, shards);
      assert(Number.isInteger(shard) && shard >= 0 && shard < shards, `${shard}`);
      assertEquals(shardOf(jobId, shards), shard);
    }),
  );
});

Deno.test("shardOf() spreads jobs evenly", () => {
  const counts = Array.from({ length: 8 }, () => 0);
  for (let job = 0; job < 8_000; job++) {
    const shard = shardOf(`chris-jid-${job}`, 8);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  for (const count of counts) assert(count > 850 && count < 1_150, counts.join(" "));
});

Deno.test("shardOf() uses all 64 bits of the digest's first half, not only those a double can hold", () => {
  // The first 8 bytes of md5("xxx…", 63 times) end in …7, so a rounded number would give another shard.
  assertEquals(shardOf("x".repeat(63), 8), 7);
});

Deno.test("shardKeys() lists every shard in order", () => {
  assertEquals(shardKeys("stream:job-logs", 3), [
    "stream:job-logs:0",
    "stream:job-logs:1",
    "stream:job-logs:2",
  ]);
  assertEquals(shardKeys("s", 12).at(-1), shardKey("s", 11));
});
