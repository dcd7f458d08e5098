import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { offsetAt, scrollHeight, scrollTopFor, visibleRows } from "./virtual_window.js";
import { UniformHeights } from "./row_heights.js";

const sizes = fc.record({
  content: fc.integer({ min: 0, max: 100_000_000 }),
  viewport: fc.integer({ min: 1, max: 4000 }),
});

Deno.test("offsetAt() and scrollTopFor() undo each other anywhere in the list", () => {
  fc.assert(fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (geometry, part) => {
    const offset = part * Math.max(0, geometry.content - geometry.viewport);
    assertEquals(
      Math.abs(offsetAt(scrollTopFor(offset, geometry), geometry) - offset) < 1e-6 * (1 + offset),
      true,
    );
  }));
});

Deno.test("the ends of the scroll area are the ends of the list, however long it is", () => {
  fc.assert(fc.property(sizes, (geometry) => {
    const last = Math.max(0, scrollHeight(geometry) - geometry.viewport);
    assertEquals(offsetAt(0, geometry), 0);
    const offset = offsetAt(last, geometry);
    assertEquals(Math.abs(offset - Math.max(0, geometry.content - geometry.viewport)) < 1e-3, true);
  }));
});

Deno.test("a list below the limit scrolls pixel by pixel", () => {
  const geometry = { content: 2_000_000, viewport: 600 };
  assertEquals(scrollHeight(geometry), 2_000_000);
  assertEquals(offsetAt(123_456, geometry), 123_456);
});

Deno.test("visibleRows() covers the viewport and the overscan, and never more than there is", () => {
  const heights = new UniformHeights();
  assertEquals(visibleRows({ offset: 0, viewport: 100, lineHeight: 20, overscan: 40, heights }), {
    from: 0,
    to: 0,
  });
  heights.length = 100;
  const at = (offset: number) =>
    visibleRows({ offset, viewport: 100, lineHeight: 20, overscan: 40, heights });
  assertEquals(at(0), { from: 0, to: 8 });
  assertEquals(at(1000), { from: 48, to: 58 });
  assertEquals(at(1900), { from: 93, to: 100 });
});
