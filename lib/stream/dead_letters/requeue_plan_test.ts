import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareEntryIds } from "../entry_id.ts";
import { shardKey, shardOf } from "../keys.ts";
import { type Candidate, groupOf, planGroup, type RequeueRules } from "./requeue_plan.ts";

const RULES: RequeueRules = { base: "s", numShards: 4, withEarlier: false, force: false };
const HOME = shardKey("s", shardOf("job", 4));

function candidate(n: number, selected: boolean, others: Partial<Candidate> = {}): Candidate {
  const known = { originStream: HOME, originId: `${n}-0`, jobId: "job", fault: null, size: 1 };
  return { id: `${1000 + n}-0`, selected, ...known, ...others };
}

const plan = (group: Candidate[], rules: Partial<RequeueRules> = {}) => {
  const { requeue, refused } = planGroup(group, { ...RULES, ...rules });
  return [requeue.map(({ originId }) => originId), refused.map(({ letter }) => letter.originId)];
};

const letters = fc.uniqueArray(
  fc.record({ n: fc.integer({ min: 1, max: 30 }), selected: fc.boolean(), fault: fc.boolean() }),
  { selector: ({ n }) => n, maxLength: 12 },
).map((list) => list.map(({ n, selected, fault }) => candidate(n, selected, fault ? { fault: "no" } : {})));

Deno.test("G9 planGroup() puts nothing back in front of a letter of the job that stays", () => {
  fc.assert(fc.property(letters, fc.boolean(), fc.boolean(), (group, withEarlier, force) => {
    const { requeue, refused } = planGroup(group, { ...RULES, withEarlier, force });
    const going = new Set(requeue.map(({ id }) => id));
    const staying = group.filter(({ id, fault }) => fault === null && !going.has(id));
    const last = requeue.at(-1);
    assertEquals(staying.filter(({ originId }) => last && compareEntryIds(originId, last.originId) < 0), []);
    assertEquals(
      requeue.map(({ originId }) => originId),
      [...requeue.map(({ originId }) => originId)].sort(compareEntryIds),
    );
    // Everything asked for is in the plan, once; what nobody asked for only if it is taken along.
    const told = [...going, ...refused.map(({ letter }) => letter.id)];
    assertEquals(told.length, new Set(told).size);
    for (const { id, selected } of group) if (selected) assertEquals(told.includes(id), true, id);
    if (!withEarlier) assertEquals(group.filter(({ id, selected }) => going.has(id) && !selected), []);
    if (!force) assertEquals(group.filter(({ id, fault }) => going.has(id) && fault !== null), []);
  }));
});

Deno.test("planGroup() lets go what is in front of a gap, and refuses what is behind it", () => {
  const group = [
    candidate(4, true),
    candidate(1, true),
    candidate(2, false),
    candidate(3, true),
    candidate(5, false),
  ];
  assertEquals(plan(group), [["1-0"], ["3-0", "4-0"]]);
  assertEquals(plan(group, { withEarlier: true }), [["1-0", "2-0", "3-0", "4-0"], []]);
});

Deno.test("planGroup() is not held up by what consumers would not understand, and takes it only by force", () => {
  const group = [
    candidate(1, false, { fault: "no" }),
    candidate(2, true, { fault: "no" }),
    candidate(3, true),
  ];
  assertEquals(plan(group), [["3-0"], ["2-0"]]);
  assertEquals(plan(group, { force: true }), [["2-0", "3-0"], []]);
});

Deno.test("planGroup() names a few of many letters that would be overtaken", () => {
  const group = [...Array.from({ length: 8 }, (_, n) => candidate(n + 1, false)), candidate(9, true)];
  const [refusal] = planGroup(group, RULES).refused;
  assertEquals(
    refusal?.why.endsWith(": 1001-0, 1002-0, 1003-0, 1004-0, 1005-0 and 3 more"),
    true,
    refusal?.why,
  );
});

Deno.test("planGroup() refuses letters whose origin is strange, even by force", () => {
  const elsewhere = shardKey("s", (shardOf("job", 4) + 1) % 4);
  for (
    const others of [{ originStream: "other:1" }, { originStream: "s:4" }, { originStream: "" }, {
      originId: "x",
    }, { originStream: elsewhere }]
  ) {
    const { requeue, refused } = planGroup([candidate(1, true, others)], { ...RULES, force: true });
    assertEquals([requeue.length, refused.length], [0, 1], JSON.stringify(others));
  }
  assertEquals(plan([candidate(1, true, { jobId: null, originStream: elsewhere })]), [["1-0"], []]);
});

Deno.test("groupOf() keeps apart what cannot be told apart by joining names", () => {
  const keys = [["a", "b"], ["a,b", ""], ["a", null], ["a", "null"]].map(([originStream, jobId]) =>
    groupOf(candidate(1, true, { originStream: originStream ?? "", jobId: jobId ?? null }))
  );
  assertEquals(new Set(keys).size, 4);
});
