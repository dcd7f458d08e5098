import { assert, assertEquals } from "@std/assert";
import { silentLogger } from "../run/log.ts";
import { KeyedWork } from "./keyed_work.ts";

/** Work whose rounds end when the test says so. */
function setup(limit?: number) {
  const log: string[] = [];
  const rounds: { key: string; end: PromiseWithResolvers<void> }[] = [];
  const work = (key: string) => {
    const end = Promise.withResolvers<void>();
    log.push(key);
    rounds.push({ key, end });
    return end.promise;
  };
  const keyed = new KeyedWork({ work, log: silentLogger, ...(limit ? { limit } : {}) });
  const end = async (key: string, fault?: Error) => {
    const index = rounds.findIndex((round) => round.key === key);
    const [round] = rounds.splice(index, 1);
    if (fault) round?.end.reject(fault);
    else round?.end.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { keyed, log, end };
}

Deno.test("KeyedWork begins one more round for any number of hints during a round", async () => {
  const { keyed, log, end } = setup();
  for (let i = 0; i < 5; i++) keyed.hint("a");
  assertEquals(log, ["a"]);
  await end("a");
  assertEquals(log, ["a", "a"]);
  await end("a");
  assertEquals(log, ["a", "a"]);
});

Deno.test("KeyedWork works on different keys at once, but on no more than its limit", async () => {
  const { keyed, log, end } = setup(2);
  for (const key of ["a", "b", "c", "a"]) keyed.hint(key);
  assertEquals(log, ["a", "b"]);
  await end("b");
  assertEquals(log, ["a", "b", "c"]);
  await end("a");
  await end("c");
  assertEquals(log, ["a", "b", "c", "a"]);
});

Deno.test("KeyedWork goes on after a round that failed", async () => {
  const { keyed, log, end } = setup();
  keyed.hint("a");
  keyed.hint("a");
  await end("a", new Error("broken"));
  assertEquals(log, ["a", "a"]);
});

Deno.test("KeyedWork.stop() waits for the rounds under way and begins none", async () => {
  const { keyed, log, end } = setup(1);
  for (const key of ["a", "b", "a"]) keyed.hint(key);
  let stopped = false;
  const stopping = keyed.stop().then(() => stopped = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert(!stopped);
  await end("a");
  await stopping;
  keyed.hint("c");
  assertEquals(log, ["a"]);
});
