import { assert, assertEquals, assertRejects } from "@std/assert";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { silentLogger } from "./log.ts";
import { OutageError } from "./outage_error.ts";
import { untilAvailable } from "./until_available.ts";

const never = new AbortController().signal;
const away = () => new OutageError("postgres", "ask");

Deno.test("G8 untilAvailable() tries again through an outage, with growing pauses, and gives the result", async () => {
  using time = new VirtualTime(0);
  const tries: number[] = [];
  const attempt = () => tries.push(time.now()) < 12 ? Promise.reject(away()) : Promise.resolve("rows");
  assertEquals(await untilAvailable(attempt, { signal: never, log: silentLogger }), "rows");
  const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  assert((pauses[0] ?? 0) <= 200 && pauses.every((pause) => pause > 0 && pause <= 10_000), `${pauses}`);
  assert((pauses.at(-1) ?? 0) >= 5_000, `${pauses}`);
});

Deno.test("untilAvailable() throws what is no outage at once", async () => {
  let tries = 0;
  const attempt = () => Promise.reject(new TypeError(`try ${++tries}`));
  await assertRejects(
    () => untilAvailable(attempt, { signal: never, log: silentLogger }),
    TypeError,
    "try 1",
  );
});

Deno.test("G15 untilAvailable() gives up with the last outage when told to stop, trying no more", async () => {
  using _time = new VirtualTime();
  const stop = new AbortController();
  let tries = 0;
  const attempt = () => {
    if (++tries === 3) setTimeout(() => stop.abort(), 1);
    return Promise.reject(away());
  };
  await assertRejects(() => untilAvailable(attempt, { signal: stop.signal, log: silentLogger }), OutageError);
  assertEquals(tries, 3);
});

Deno.test("untilAvailable() logs an outage once and its end once", async () => {
  using _time = new VirtualTime();
  const said: string[] = [];
  const log = {
    ...silentLogger,
    warn: () => said.push("paused"),
    info: () => said.push("back"),
  } as unknown as typeof silentLogger;
  let tries = 0;
  await untilAvailable(() => ++tries < 5 ? Promise.reject(away()) : Promise.resolve(), {
    signal: never,
    log,
  });
  assertEquals(said, ["paused", "back"]);
});
