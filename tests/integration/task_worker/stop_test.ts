import { assert, assertEquals } from "@std/assert";
import { benchOfFile } from "./bench.ts";
import { openSystem } from "./system.ts";

const bench = benchOfFile();

/** Less than a worker gets to stop (`SHUTDOWN_GRACE_SECONDS`), and far less than an order may take. */
const AT_ONCE_MS = 8_000;

Deno.test("G7 G15 a task worker told to stop while pfcon is at work on an order leaves that to the next one", async () => {
  await using system = openSystem(bench);
  const arrived = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  let orders = 0;
  bench.pfcon.interfere = async (call, pass) => {
    if (!call.startsWith("POST copy") || ++orders > 1) return;
    const answer = await pass(); // it makes the container, but says so too late
    arrived.resolve();
    await answered.promise;
    return answer;
  };
  const worker = system.start();
  await system.submit("trial-1");
  await arrived.promise;
  const told = performance.now();
  const code = await worker.stop();
  const lasted = performance.now() - told;
  answered.resolve();
  assertEquals(code, 0);
  assert(lasted < AT_ONCE_MS, `it took ${lasted} ms`);
  system.start();
  await system.allOver();
  assertEquals(system.made, ["copy trial-1", "plugin trial-1", "upload trial-1", "delete trial-1"]);
  assertEquals(orders, 1);
});
