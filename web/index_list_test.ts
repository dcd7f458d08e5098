import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { IndexList } from "./index_list.js";

Deno.test("IndexList holds what a plain array would, whatever is appended and dropped", () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 400 }) }),
    fc.record({ drop: fc.integer({ min: 0, max: 900 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const list = new IndexList();
    let model: number[] = [];
    let next = 0;
    let dropped = 0;
    for (const step of steps) {
      if ("push" in step) {
        for (let i = 0; i < step.push; i++, next += 3) list.push(next), model.push(next);
      } else {
        const limit = (model[0] ?? 0) + step.drop;
        const kept = model.filter((index) => index >= limit);
        dropped += model.length - kept.length;
        model = kept;
        list.dropBelow(limit);
      }
      assertEquals(Array.from({ length: list.length }, (_, row) => list.at(row)), model);
      assertEquals(list.dropped, dropped);
    }
    const some = model[model.length >> 1] ?? 0;
    assertEquals(list.rowOf(some), model.findIndex((index) => index >= some) < 0 ? 0 : model.indexOf(some));
    assertEquals(list.rowOf(next), model.length);
  }));
});

Deno.test("IndexList.at() refuses rows that do not exist", () => {
  const list = new IndexList();
  list.push(7);
  assertThrows(() => list.at(-1), RangeError);
  assertThrows(() => list.at(1), RangeError, "Cannot read row 1: there are 1");
});
