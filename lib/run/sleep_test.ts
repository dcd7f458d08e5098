import { assert, assertEquals } from "@std/assert";
import { sleep } from "./sleep.ts";

Deno.test("sleep() takes at least its time", async () => {
  const start = performance.now();
  await sleep(20);
  assert(performance.now() - start >= 19);
});

const noLeaks = { sanitizeOps: true, sanitizeResources: true };

Deno.test("sleep() ends at once when its signal aborts, and leaves no timer behind", noLeaks, async () => {
  const stop = new AbortController();
  const slept = sleep(3_600_000, stop.signal);
  stop.abort();
  await slept;
});

Deno.test("sleep() does not begin when its signal has aborted", async () => {
  await sleep(3_600_000, AbortSignal.abort());
});

Deno.test("sleep() takes its listener off the signal when its time is over", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const slept = sleep(1, signal);
  assertEquals(listeners, 1);
  await slept;
  assertEquals(listeners, 0);
});
