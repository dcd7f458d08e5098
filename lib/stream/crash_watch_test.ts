import { assertEquals, assertRejects } from "@std/assert";
import { CrashWatch, DeadlyEntryError } from "./crash_watch.ts";

/** A shard that remembers the count, and every note that was made. */
function shardWith(crashes: number) {
  const notes: number[] = [];
  return {
    notes,
    crashesOf: () => Promise.resolve(notes.at(-1) ?? crashes),
    noteCrashes: (_id: string, count: number) => Promise.resolve(void notes.push(count)),
  };
}

Deno.test("G9 CrashWatch raises the count before an entry is handled and forgets it when the handling ends", async () => {
  const shard = shardWith(1);
  const watch = new CrashWatch(shard, "1-0", 5);
  await watch.begin(new AbortController().signal);
  assertEquals(shard.notes, [2]);
  await watch.survived();
  assertEquals(shard.notes, [2, 0]);
});

Deno.test("G9 CrashWatch gives an entry up after as many crashes as it may have deliveries, at least three", async () => {
  const { signal } = new AbortController();
  for (const [crashes, maxDeliveries] of [[5, 5], [3, 1]] as const) {
    const shard = shardWith(crashes);
    const watch = new CrashWatch(shard, "7-0", maxDeliveries);
    await assertRejects(() => watch.begin(signal), DeadlyEntryError, `entry 7-0: ${crashes} workers ended`);
    assertEquals(shard.notes, []);
  }
  for (const [crashes, maxDeliveries] of [[4, 5], [2, 1]] as const) {
    await new CrashWatch(shardWith(crashes), "7-0", maxDeliveries).begin(signal);
  }
});

Deno.test("G8 CrashWatch does not count an owner that was told to stop, even if it is stopped by force then", async () => {
  const shard = shardWith(0);
  const stop = new AbortController();
  await new CrashWatch(shard, "1-0", 5).begin(stop.signal);
  stop.abort();
  await Promise.resolve();
  assertEquals(shard.notes, [1, 0]);
});
