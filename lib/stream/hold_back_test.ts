import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { HoldBack } from "./hold_back.ts";

interface Entry {
  readonly id: string;
  readonly jobId: string;
  readonly n: number;
}

type Step =
  | { readonly kind: "arrive"; readonly job: number; readonly ok: boolean }
  | { readonly kind: "retry"; readonly outcome: "ok" | "fails" | "dead-lettered" }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("arrive" as const), job: fc.nat(3), ok: fc.boolean() }),
  fc.record({
    kind: fc.constant("retry" as const),
    outcome: fc.constantFrom("ok" as const, "fails" as const, "dead-lettered" as const),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(300) }),
);

const PAUSE_MS = 200;

/** Does the steps with a HoldBack; the order in which each job's entries got out of the way. */
function play(steps: readonly Step[]) {
  const held = new HoldBack<Entry>(1_000);
  const done: Entry[] = [];
  const arrived: Entry[] = [];
  let now = 0;
  const take = (step: Step) => {
    if (step.kind === "wait") now += step.ms;
    else if (step.kind === "arrive") {
      const entry = { id: `${arrived.length}-0`, jobId: `job-${step.job}`, n: arrived.length };
      arrived.push(entry);
      if (held.has(entry.jobId)) held.append(entry.jobId, entry);
      else if (step.ok) done.push(entry);
      else held.hold(entry.jobId, [entry], now + PAUSE_MS);
    } else {
      for (const jobId of held.due(now)) {
        const { entries } = held.next(jobId, 3) ?? { entries: [] };
        if (step.outcome === "fails") held.failed(jobId, now + PAUSE_MS);
        else {
          done.push(...entries);
          held.settled(jobId, entries.length);
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

const [a1, a2, a3, a4, b1] = ["a1", "a2", "a3", "a4", "b1"].map((id) => ({ id })) as [Id, Id, Id, Id, Id];

interface Id {
  readonly id: string;
}

Deno.test("HoldBack has a job due when the pause of its first entry is over, not before", () => {
  const held = new HoldBack<Id>(10);
  held.hold("a", [a1, a2], 100);
  assertEquals([held.due(99), held.due(100)], [[], ["a"]]);
  held.failed("a", 250);
  assertEquals([held.due(249), held.due(250), held.nextRetryAt()], [[], ["a"], 250]);
});

Deno.test("HoldBack tries an entry that failed alone; once it is out of the way the others go together", () => {
  const held = new HoldBack<Id>(10);
  held.hold("a", [a1, a2, a3, a4], 0);
  held.failed("a", 10);
  held.failed("a", 20);
  assertEquals(held.next("a", 2), { entries: [a1], failures: 3 });
  assertEquals(held.settled("a"), null);
  assertEquals([held.next("a", 2), held.due(0)], [{ entries: [a2, a3], failures: 0 }, ["a"]]);
  held.settled("a", 2);
  assertEquals(held.settled("a"), null);
  assertEquals([held.next("a", 2), held.has("a"), held.size, held.nextRetryAt()], [null, false, 0, null]);
});

Deno.test("HoldBack leaves out what finds no room, all of the job from there on, and says where to take it again", () => {
  const held = new HoldBack<Id>(2);
  held.hold("a", [a1, a2, a3], 0);
  held.hold("b", [b1], 0);
  assertEquals(held.size, 3);
  assertEquals(held.settled("a"), null);
  assertEquals(held.settled("b"), null);
  held.append("a", a4); // there is room again, but a3 comes first
  held.append("a", a2); // it waits already
  assertEquals(held.next("a", 9)?.entries, [a2]);
  assertEquals(held.settled("a"), "a2");
  assertEquals([held.has("a"), held.size], [false, 0]);
});

Deno.test("G9 HoldBack keeps a bounded number of bytes: huge entries find less room than small ones", () => {
  const held = new HoldBack<Id & { bytes: number }>(1_000, { maxBytes: 10, bytesOf: ({ bytes }) => bytes });
  const entries = ["a1", "a2", "a3", "a4"].map((id) => ({ id, bytes: 4 }));
  held.hold("a", entries, 0);
  assertEquals(held.size, 3, "the last one found room while there was some left");
  held.hold("b", [{ id: "b1", bytes: 100 }, { id: "b2", bytes: 0 }], 0);
  assertEquals(held.size, 4, "the first one of a job is kept in any case");
  assertEquals([held.settled("b"), held.settled("a", 3)], ["b1", "a3"]);
  held.hold("a", entries.slice(3), 0);
  held.append("a", { id: "a5", bytes: 4 });
  assertEquals(held.size, 2, "there is room again");
});

Deno.test("HoldBack refuses what would lose entries: appending to a free job, holding a held one", () => {
  const held = new HoldBack<Id>(10);
  assertThrows(() => held.append("a", a1), Error, 'job "a"');
  held.hold("a", [a1], 0);
  assertThrows(() => held.hold("a", [a2], 0), Error, "it is held already");
});
