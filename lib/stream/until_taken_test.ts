import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentLogger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { untilTaken } from "./until_taken.ts";

const log = silentLogger;

Deno.test("untilTaken() tries again after an outage, and gives up on any other fault", async () => {
  const { signal } = new AbortController();
  let calls = 0;
  const twice = () =>
    ++calls < 3 ? Promise.reject(new OutageError("redis", "test")) : Promise.resolve("taken");
  assertEquals(await untilTaken(twice, { signal, log }), "taken");
  assertEquals(calls, 3);
  await assertRejects(
    () => untilTaken(() => Promise.reject(new TypeError("bug")), { signal, log }),
    TypeError,
    "bug",
  );
});

Deno.test("untilTaken() lets the call in hand finish after the abort, for a moment", async () => {
  const stop = new AbortController();
  const slow = () => new Promise<string>((resolve) => setTimeout(() => resolve("finished"), 30));
  const taken = untilTaken(slow, { signal: stop.signal, log, finishMs: 5_000 });
  stop.abort();
  assertEquals(await taken, "finished");
  const late = new AbortController();
  const hanging = untilTaken(() => new Promise(() => {}), { signal: late.signal, log, finishMs: 10 });
  late.abort();
  await assertRejects(() => hanging, DOMException);
});

Deno.test("untilTaken() begins no call after the abort", async () => {
  const stop = new AbortController();
  let calls = 0;
  const failing = () => {
    calls++;
    stop.abort();
    return Promise.reject(new OutageError("redis", "test"));
  };
  await assertRejects(() => untilTaken(failing, { signal: stop.signal, log }));
  await assertRejects(() => untilTaken(failing, { signal: stop.signal, log }));
  assert(calls === 1);
});
