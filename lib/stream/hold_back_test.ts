import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HoldBack } from "./hold_back.ts";

interface Entry {
  readonly jobId: string;
  readonly n: number;
}

type Step =
  | { readonly kind: "arrive"; readonly job: number; readonly ok: boolean }
  | { readonly kind: "retry"; readonly outcome: "ok" | "fails" | "buried" }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("arrive" as const), job: fc.nat(3), ok: fc.boolean() }),
  fc.record({
    kind: fc.constant("retry" as const),
    outcome: fc.constantFrom("ok" as const, "fails" as const, "buried" as const),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(300) }),
);

const PAUSE_MS = 200;

/** Does the steps with a HoldBack; the order in which each job's entries got out of the way. */
function play(steps: readonly Step[]) {
  const held = new HoldBack<Entry>();
  const done: Entry[] = [];
  const arrived: Entry[] = [];
  let now = 0;
  const take = (step: Step) => {
    if (step.kind === "wait") now += step.ms;
    else if (step.kind === "arrive") {
      const entry = { jobId: `job-${step.job}`, n: arrived.length };
      arrived.push(entry);
      if (held.has(entry.jobId)) held.append(entry.jobId, entry);
      else if (step.ok) done.push(entry);
      else held.hold(entry.jobId, [entry], now + PAUSE_MS);
    } else {
      for (const jobId of held.due(now)) {
        const first = held.first(jobId);
        if (step.outcome === "fails") held.failed(jobId, now + PAUSE_MS);
        else {
          if (first) done.push(first.entry);
          held.settled(jobId);
        }
      }
    }
    assertEquals(held.size, arrived.length - done.length);
  };
  for (const step of steps) take(step);
  while (held.nextRetryAt() !== null) {
    now = Math.max(now, held.nextRetryAt() ?? now);
    take({ kind: "retry", outcome: "ok" });
  }
  return { arrived, done };
}

Deno.test("HoldBack lets every entry out exactly once, and those of a job in their order", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const { arrived, done } = play(steps);
    assertEquals(done.length, arrived.length);
    assertEquals(new Set(done).size, done.length);
    for (const entries of Map.groupBy(done, (entry) => entry.jobId).values()) {
      assertEquals(entries, entries.toSorted((a, b) => a.n - b.n));
    }
  }));
});

Deno.test("HoldBack has a job due when the pause of its first entry is over, not before", () => {
  const held = new HoldBack<string>();
  held.hold("a", ["a1", "a2"], 100);
  assertEquals([held.due(99), held.due(100)], [[], ["a"]]);
  held.failed("a", 250);
  assertEquals([held.due(249), held.due(250), held.nextRetryAt()], [[], ["a"], 250]);
});

Deno.test("HoldBack counts failures of the first entry alone: the next one starts afresh and at once", () => {
  const held = new HoldBack<string>();
  held.hold("a", ["a1", "a2"], 0);
  held.failed("a", 10);
  held.failed("a", 20);
  assertEquals(held.first("a"), { entry: "a1", failures: 3 });
  held.settled("a");
  assertEquals([held.first("a"), held.due(0)], [{ entry: "a2", failures: 0 }, ["a"]]);
  held.settled("a");
  assertEquals([held.first("a"), held.has("a"), held.size, held.nextRetryAt()], [null, false, 0, null]);
});

Deno.test("HoldBack refuses what would lose entries: appending to a free job, holding a held one", () => {
  const held = new HoldBack<string>();
  assertThrows(() => held.append("a", "a1"), Error, 'job "a"');
  held.hold("a", ["a1"], 0);
  assertThrows(() => held.hold("a", ["a2"], 0), Error, "it is held already");
});
