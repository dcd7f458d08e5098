import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatPosition, isAfter, moved, parsePosition, startPosition } from "./position.ts";

const entryId = fc.tuple(fc.nat(), fc.nat()).map(([ms, seq]) => `${ms}-${seq}`);

Deno.test("parsePosition() reads back every position that formatPosition() writes", () => {
  fc.assert(fc.property(
    fc.record({
      generation: fc.stringMatching(/^[a-z0-9]{1,32}$/),
      status: entryId,
      logs: entryId,
      workflow: entryId,
      ended: fc.boolean(),
    }, { noNullPrototype: true }),
    (position) => assertEquals(parsePosition(formatPosition(position)), position),
  ));
});

Deno.test("parsePosition() takes nothing for a position that formatPosition() did not write", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const position = parsePosition(text);
    if (position !== null) assertEquals(formatPosition(position), text);
  }));
  for (const text of ["", "1700-0", "g_1-0_2-0", "g_1-0_2-0_3-0_END", "G_1-0_2-0_3-0", "g_1-0_2-0_3-0\n"]) {
    assertEquals(parsePosition(text), null, text);
  }
});

Deno.test("isAfter() compares with the entry last seen of the same stream only", () => {
  const position = moved(startPosition("g"), "logs", "5-1");
  assert(isAfter(position, "logs", "5-2"));
  assert(!isAfter(position, "logs", "5-1"));
  assert(!isAfter(position, "logs", "4-9"));
  assert(isAfter(position, "status", "4-9"));
});
