import { assertEquals } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { VirtualTime } from "./virtual_time.ts";

Deno.test("VirtualTime lets sleepers wake in the order of their alarms, at those very moments", async () => {
  using time = new VirtualTime(1_000);
  const woken: [string, number][] = [];
  const nap = (name: string, ms: number) => sleep(ms).then(() => woken.push([name, time.now()]));
  await Promise.all([
    nap("hour", 3_600_000),
    nap("second", 1_000),
    nap("other second", 1_000),
    nap("none", 0),
  ]);
  assertEquals(woken, [["none", 1_000], ["second", 2_000], ["other second", 2_000], ["hour", 3_601_000]]);
});

Deno.test("VirtualTime forgets an alarm that is cleared, and gives the timers back at the end", async () => {
  const real = globalThis.setTimeout;
  {
    using time = new VirtualTime(0);
    const aborted = sleep(60_000, AbortSignal.abort());
    await Promise.all([aborted, sleep(5)]);
    assertEquals(time.now(), 5);
  }
  assertEquals(globalThis.setTimeout, real);
});

Deno.test("VirtualTime lets a frozen process hear its alarms late, and a killed one never", async () => {
  using time = new VirtualTime(0);
  const woken: [string, number][] = [];
  const nap = async (name: string, ms: number) => {
    await sleep(ms);
    woken.push([name, time.now()]);
    await sleep(10);
    woken.push([`${name} again`, time.now()]);
  };
  for (const name of ["frozen", "killed"]) time.run(name, () => nap(name, 20));
  await sleep(25);
  time.freeze("frozen");
  time.kill("killed");
  await sleep(75);
  time.thaw("frozen");
  await sleep(50);
  assertEquals(woken, [["frozen", 20], ["killed", 20], ["frozen again", 100]]);
});
