import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RowHeights, UniformHeights, wrappedHeight } from "./row_heights.js";

const heights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5000 });

Deno.test("RowHeights.offsetOf() is the sum of the heights before a row, also after changes and drops", () => {
  fc.assert(
    fc.property(heights, fc.nat(), fc.integer({ min: 1, max: 50 }), fc.nat(), (all, place, height, drop) => {
      const rows = new RowHeights();
      const model = [...all];
      for (const one of all) rows.push(one);
      rows.set(place % all.length, height);
      model[place % all.length] = height;
      rows.drop(drop % all.length);
      model.splice(0, drop % all.length);
      rows.push(3);
      model.push(3);
      assertEquals(rows.length, model.length);
      assertEquals(rows.total, model.reduce((a, b) => a + b, 0));
      let offset = 0;
      model.forEach((one, row) => {
        if (row % 97 === 0 || row > model.length - 3) {
          assertEquals(rows.offsetOf(row), offset);
          assertEquals(rows.rowAt(offset), row);
          assertEquals(rows.rowAt(offset + one - 0.5), row);
          assertEquals(rows.get(row), one);
        }
        offset += one;
      });
      assertEquals(rows.rowAt(offset + 100), model.length - 1);
      assertEquals(rows.rowAt(-1), 0);
    }),
    { numRuns: 30 },
  );
});

Deno.test("RowHeights stays right when it has dropped far more than it holds", () => {
  const rows = new RowHeights();
  for (let i = 0; i < 50_000; i++) {
    rows.push(1 + (i % 3));
    if (rows.length > 2000) rows.drop(1000);
  }
  const first = 50_000 - rows.length;
  const sum = Array.from({ length: rows.length }, (_, row) => 1 + ((first + row) % 3)).reduce(
    (a, b) => a + b,
    0,
  );
  assertEquals(rows.total, sum);
  assertEquals(rows.offsetOf(rows.length), sum);
});

Deno.test("UniformHeights answers as RowHeights does when all rows are one line tall", () => {
  const uniform = new UniformHeights();
  const rows = new RowHeights();
  for (let i = 0; i < 2500; i++) uniform.push(), rows.push(1);
  for (const each of [uniform, rows]) each.drop(100);
  for (const row of [0, 1, 1023, 1024, 2399]) assertEquals(uniform.offsetOf(row), rows.offsetOf(row));
  for (const offset of [-5, 0, 0.5, 1024.9, 9999]) assertEquals(uniform.rowAt(offset), rows.rowAt(offset));
  assertEquals(uniform.total, rows.total);
});

Deno.test("wrappedHeight() gives an empty line one row and fills the others", () => {
  assertEquals([0, 1, 80, 81, 160, 161].map((length) => wrappedHeight(length, 80)), [1, 1, 1, 2, 2, 3]);
  assertEquals(wrappedHeight(5, 0), 5);
});
