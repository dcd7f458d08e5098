import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatPosition, isAfter, MAX_MARKS, parsePosition, startPosition } from "./position.ts";

const number = fc.nat(9_999_999_999_999);
const marks = fc.uniqueArray(
  fc.tuple(
    fc.stringMatching(/^[a-z][a-z0-9]{5}$/),
    fc.record({ stages: fc.nat(15), stageMs: number, place: number, placeMs: number }, {
      noNullPrototype: true,
    }),
  ),
  { maxLength: MAX_MARKS, selector: ([container]) => container },
).map((all) => new Map(all));
const entryId = fc.tuple(fc.nat(), fc.nat()).map(([ms, seq]) => `${ms}-${seq}`);

Deno.test("parsePosition() reads back every position that formatPosition() writes", () => {
  fc.assert(fc.property(
    fc.record({
      generation: fc.stringMatching(/^[a-z0-9]{1,32}$/),
      status: entryId,
      logs: entryId,
      workflow: entryId,
      ended: fc.boolean(),
      workflowEvents: fc.nat(),
      marks,
    }, { noNullPrototype: true }),
    (position) => assertEquals(parsePosition(formatPosition(position)), position),
  ));
});

Deno.test("parsePosition() takes nothing for a position that formatPosition() did not write", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const position = parsePosition(text);
    if (position !== null) assertEquals(formatPosition(position), text);
  }));
  const hostile = ["", "1700-0", "g_1-0_2-0", "g_1-0_2-0_3-0_END", "G_1-0_2-0_3-0", "g_1-0_2-0_3-0\n"];
  const marked = [
    "_w",
    "_w0",
    "_w01",
    "_w1.pccccc-3a-01-a",
    "_w1.PCCCCC-3a-1-a",
    "_wzzzzzzzzzzz",
    "_w1.pccccc-3a-1",
  ];
  const many = Array.from({ length: MAX_MARKS + 1 }, (_, n) => `.pcccc${n.toString(36)}-3a-1-a`).join("");
  const twice = "_w1.pccccc-3a-1-a.pccccc-3a-2-a";
  for (const text of [...hostile, ...[...marked, `_w1${many}`, twice].map((end) => `g_1-0_2-0_3-0${end}`)]) {
    assertEquals(parsePosition(text), null, text);
  }
});

Deno.test("isAfter() compares with the entry last seen of the same stream only", () => {
  const position = { ...startPosition("g"), logs: "5-1" };
  assert(isAfter(position, "logs", "5-2"));
  assert(!isAfter(position, "logs", "5-1"));
  assert(!isAfter(position, "logs", "4-9"));
  assert(isAfter(position, "status", "4-9"));
});
