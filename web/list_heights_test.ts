import { assertEquals } from "@std/assert";
import { ListHeights } from "./list_heights.js";
import { LogBuffer } from "./log_buffer.js";

function bufferOf(count: number, maxLines = 100_000) {
  const buffer = new LogBuffer({ maxLines });
  for (let i = 0; i < count; i++) push(buffer, i);
  return buffer;
}

function push(buffer: LogBuffer, i: number) {
  buffer.push({
    kind: "line",
    step: i % 2 ? "copy" : "plugin",
    text: "x".repeat(i % 200),
    time: 0,
    seq: i + 1,
  });
}

Deno.test("ListHeights estimates how lines wrap, and learns how they did", () => {
  const rows = new ListHeights(bufferOf(200), "", 80);
  assertEquals([0, 80, 81, 199].map((row) => rows.heights.get(row)), [1, 1, 2, 3]);
  assertEquals(rows.correct(81, 5), true);
  assertEquals(rows.correct(81, 5), false);
  assertEquals(rows.offsetOfLine(82), 81 + 5);
  assertEquals(rows.lineAt(81 + 4.9), 81);
});

Deno.test("ListHeights counts one line each where nothing wraps", () => {
  const rows = new ListHeights(bufferOf(200), "copy", null);
  assertEquals([rows.heights.total, rows.offsetOfLine(101), rows.lineAt(50)], [100, 50, 101]);
  assertEquals(new ListHeights(new LogBuffer(), "", null).lineAt(9), 0);
});

Deno.test("ListHeights follows the buffer as it grows and drops, and tells how much went", () => {
  for (const columns of [null, 80]) {
    const buffer = bufferOf(100, 8192);
    const rows = new ListHeights(buffer, "", columns);
    let gone = 0;
    let before = rows.heights.total;
    for (let i = 100; i < 40_000; i++) {
      push(buffer, i);
      if (i % 700 !== 0) continue;
      before = rows.heights.total;
      const height = rows.sync();
      gone += height;
      assertEquals(height <= before, true);
      assertEquals(rows.heights.length, rows.list.length);
    }
    rows.sync();
    const fresh = new ListHeights(buffer, "", columns);
    assertEquals(rows.heights.total, fresh.heights.total);
    assertEquals(rows.lineAt(0), buffer.first);
    assertEquals(gone > 0, true);
  }
});
