import { assert, assertEquals } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { type Logger, silentLogger } from "../run/log.ts";
import { sleep } from "../run/sleep.ts";
import { until } from "../testing/until.ts";
import { VirtualTime } from "../testing/virtual_time.ts";
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

Deno.test("G8 KeyedWork does again what an outage stopped, and gives its place to others meanwhile", async () => {
  using _time = new VirtualTime();
  const { keyed, log, end } = setup(1);
  for (const key of ["a", "b", "a"]) keyed.hint(key); // the last one while "a" is worked on
  await end("a", new OutageError("docker", "look"));
  assertEquals(log, ["a", "b"], "who waits for an outage waits outside");
  await end("b");
  await end("a", new OutageError("docker", "look"));
  await until("tried again by itself", () => log.length === 4);
  await end("a");
  await new Promise((resolve) => setTimeout(resolve, 500));
  assertEquals(log, ["a", "b", "a", "a"], "two outages, one more try");
  await keyed.stop();
});

Deno.test("G4 KeyedWork lets the keys of one group take turns in the order of their hints, beside other groups", async () => {
  using _time = new VirtualTime();
  const { keyed, log, end } = setup();
  for (const [key, group] of [["a1", "a"], ["a2", "a"], ["b1", "b"], ["a3", "a"], ["c"]]) {
    keyed.hint(key ?? "", group);
  }
  keyed.hint("a2"); // as an event does, which knows of no group
  assertEquals(log, ["a1", "b1", "c"]);
  await end("b1");
  assertEquals(log, ["a1", "b1", "c"]);
  await end("a1", new OutageError("docker", "look"));
  assertEquals(log.length, 3, "the others of its group wait for it");
  await until("tried again", () => log.length === 4);
  await end("a1");
  assertEquals(log.slice(3), ["a1", "a2"]);
  await end("a2");
  assertEquals(log.slice(3), ["a1", "a2", "a3"]);
  await end("c");
  await end("a3");
  await keyed.stop();
});

Deno.test("G4 KeyedWork.hintInOrder() lets a group take turns in its order, whatever was hinted or worked on before", async () => {
  const { keyed, log, end } = setup();
  for (const [key, group] of [["a3"], ["x", "a"], ["a2", "a"]]) keyed.hint(key ?? "", group);
  keyed.hintInOrder(["a1", "a2", "a3"].map((key) => ({ key, group: "a" })));
  assertEquals(log, ["a3", "x"]);
  await end("a3");
  await end("x");
  assertEquals(log.slice(2), ["a1"]);
  await end("a1");
  await end("a2");
  await end("a3");
  assertEquals(log.slice(2), ["a1", "a2", "a3"]);
  await keyed.stop();
});

Deno.test("KeyedWork takes hints for thousands of keys that are worked on at next to no cost", async () => {
  const release = Promise.withResolvers<void>();
  const keys = Array.from({ length: 20_000 }, (_, i) => `${i}`);
  const begun = new Set<string>();
  const work = new KeyedWork({ work: (key) => (begun.add(key), release.promise), log: silentLogger });
  for (const key of keys) work.hint(key);
  let took = Infinity;
  for (let tries = 5; tries > 0 && took >= 1_000; tries--) { // whatever else the machine does can only add to it
    const start = performance.now();
    for (const key of keys) work.hint(key);
    took = performance.now() - start;
  }
  assertEquals(begun.size, keys.length);
  release.resolve();
  await work.stop();
  assert(took < 1_000, `took ${took} ms`); // going through all that wait, at each hint, takes several times as long
});

Deno.test("G8 KeyedWork tells of each outage once, and begins with short pauses again after one is over", async () => {
  const warnings: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (...args: unknown[]) => warnings.push(args) };
  using time = new VirtualTime(0);
  const tries: number[] = [];
  const work = () => {
    tries.push(time.now());
    return tries.length % 6 === 0 ? Promise.resolve() : Promise.reject(new OutageError("docker", "look"));
  };
  const keyed = new KeyedWork({ work, log });
  for (let outages = 1; outages <= 3; outages++) {
    keyed.hint("a");
    while (tries.length < outages * 6) await sleep(100);
    const [first = 0, second = 0] = tries.slice(-6);
    assert(second - first <= 200, `it is tried again after ${second - first} ms`);
  }
  assertEquals(warnings.length, 3);
  await keyed.stop();
});
