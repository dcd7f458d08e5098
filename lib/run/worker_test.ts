import { assertEquals, assertRejects } from "@std/assert";
import { runAll, type Worker } from "./worker.ts";

/** Runs until told to stop; then, or at `fail()`, ends. */
function testWorker(name: string) {
  const failed = Promise.withResolvers<void>();
  const events: string[] = [];
  const worker: Worker = {
    name,
    async run(signal) {
      events.push("started");
      const stopped = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([stopped, failed.promise]);
      events.push("ended");
    },
  };
  return { worker, events, fail: (error: unknown) => failed.reject(error), end: () => failed.resolve() };
}

Deno.test("runAll() runs workers side by side and resolves when all have ended after the signal", async () => {
  const stop = new AbortController();
  const [a, b] = [testWorker("a"), testWorker("b")];
  const all = runAll([a.worker, b.worker], stop.signal);
  assertEquals([a.events, b.events], [["started"], ["started"]]);
  stop.abort();
  await all;
  assertEquals([a.events, b.events], [["started", "ended"], ["started", "ended"]]);
});

Deno.test("runAll() stops the others when one ends by itself", async () => {
  const [a, b] = [testWorker("a"), testWorker("b")];
  const all = runAll([a.worker, b.worker], new AbortController().signal);
  a.end();
  await all;
  assertEquals(b.events, ["started", "ended"]);
});

Deno.test("runAll() waits for the others when one fails, and throws the faults of all", async () => {
  const [a, b] = [testWorker("a"), testWorker("b")];
  const late: Worker = {
    name: "late",
    run: (signal) => b.worker.run(signal).then(() => Promise.reject(new Error("cannot close"))),
  };
  const all = runAll([a.worker, late], new AbortController().signal);
  a.fail(new Error("broken"));
  const error = await assertRejects(() => all, AggregateError, "Cannot keep running: Error: broken");
  assertEquals(error.errors.map((fault: Error) => fault.message), ["broken", "cannot close"]);
  assertEquals(b.events, ["started", "ended"]);
});
