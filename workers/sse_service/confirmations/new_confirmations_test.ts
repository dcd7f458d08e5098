import { assertEquals } from "@std/assert";
import { NewConfirmations } from "./new_confirmations.ts";

Deno.test("NewConfirmations asks once for however many wait, and lets those go that have something to read", async () => {
  let looks = 0;
  const coming = new NewConfirmations(() => Promise.resolve({ newest: ++looks, last: 9, unnumbered: false }));
  const stop = new AbortController();
  const waiting = Array.from({ length: 50 }, (_, n) => coming.behind(n % 2, stop.signal));
  await Promise.all(waiting);
  assertEquals(looks, 2);
  const patient = coming.behind(1_000, stop.signal);
  stop.abort();
  await patient;
});

Deno.test("NewConfirmations lets everybody go when there is something without a number, or the look fails", async () => {
  const signal = new AbortController().signal;
  await new NewConfirmations(() => Promise.resolve({ newest: 1, last: 9, unnumbered: true })).behind(
    5,
    signal,
  );
  const failing = new NewConfirmations(() => Promise.reject(new Error("away")));
  const outcomes = await Promise.allSettled([failing.behind(0, signal), failing.behind(0, signal)]);
  assertEquals(outcomes.map(({ status }) => status), ["rejected", "rejected"]);
});
