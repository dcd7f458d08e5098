import { assert, assertEquals } from "@std/assert";
import type { Redis } from "ioredis";
import { silentLogger as log } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { runAsLeader } from "./leader.ts";

const TTL_MS = 15_000;

/** When work ends, counted from its lease's first moment, at a Redis whose `n`th answer takes `answerMs(n)` (ms). */
async function leadsFor(answerMs: (n: number) => number): Promise<{ began: number; ended: number }> {
  using time = new VirtualTime(0);
  let asked = 0;
  const redis = {
    eval: async () => {
      await sleep(answerMs(asked++));
      return 1;
    },
  } as unknown as Redis;
  const stop = new AbortController();
  const options = { key: "leader", replica: "a", ttlMs: TTL_MS, log, now: time.now };
  const when = { began: -1, ended: -1 };
  await runAsLeader(redis, options, stop.signal, async (signal) => {
    when.began = time.now();
    await sleep(10 * TTL_MS, signal);
    when.ended = time.now();
    stop.abort();
  });
  return when;
}

Deno.test("runAsLeader() ends the work before its lease can have run out when Redis answers no more", async () => {
  for (const first of [0, 1_000, 2_500]) {
    const { began, ended } = await leadsFor((n) => n === 0 ? first : 10 * TTL_MS);
    assert(began === first && ended < TTL_MS, `it was asked for at 0, and ended at ${ended}`);
  }
});

Deno.test("runAsLeader() goes on working while Redis leaves every other question unanswered", async () => {
  const { ended } = await leadsFor((n) => n % 2 === 0 ? 10 : 10 * TTL_MS);
  assertEquals(ended, 10 * TTL_MS + 10);
});
