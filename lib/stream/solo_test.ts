import { assert, assertEquals, assertRejects } from "@std/assert";
import { sleep } from "lib/run/sleep.ts";
import { VirtualTime } from "lib/testing/virtual_time.ts";
import { Solo } from "./solo.ts";

Deno.test("Solo does work side by side, but what is to be alone neither joins others nor is joined", async () => {
  using _time = new VirtualTime(0);
  const solo = new Solo();
  const now: string[] = [];
  const seen: string[] = [];
  const work = (name: string) => async () => {
    now.push(name);
    seen.push(now.join("+"));
    await sleep(10);
    now.splice(now.indexOf(name), 1);
  };
  await Promise.all([
    solo.together(work("a")),
    solo.together(work("b")),
    solo.alone(work("X")),
    solo.together(work("c")),
    solo.alone(work("Y")),
    solo.alone(work("Z")),
    solo.together(work("d")),
    solo.together(work("e")),
  ]);
  assertEquals(seen, ["a", "a+b", "X", "c", "Y", "Z", "d", "d+e"]);
});

Deno.test("Solo goes on after work that failed", async () => {
  const solo = new Solo();
  const fail = () => Promise.reject(new RangeError("no"));
  await Promise.all([
    assertRejects(() => solo.together(fail), RangeError),
    assertRejects(() => solo.alone(fail), RangeError),
  ]);
  assertEquals(
    await Promise.all([solo.alone(() => Promise.resolve(1)), solo.together(() => Promise.resolve(2))]),
    [1, 2],
  );
});

Deno.test("Solo keeps nothing of work that is over, however much it has done", async () => {
  const solo = new Solo();
  const allocated = 1_500 * 1_000_000; // never touched, so it costs address space and no memory
  for (let times = 0; times < 1_500; times++) {
    await solo.together(() => Promise.resolve(new Uint8Array(1_000_000)));
    if (times % 50 === 0) await sleep(0); // lets the garbage collector do its part
  }
  const { external } = Deno.memoryUsage();
  assert(external < allocated / 2, `${external} of ${allocated} bytes are still held`);
});
