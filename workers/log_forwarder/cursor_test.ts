import { assertEquals } from "@std/assert";
import { decodeCursor, encodeCursor, type LogCursor, NOTHING_PUBLISHED } from "./cursor.ts";

const position = {
  time: "2026-01-15T12:00:00.000000001Z",
  count: 2,
  latest: "2026-01-15T12:00:00.000000001Z",
};
const cursor: LogCursor = {
  since: "2026-01-15T11:59:55.000000001Z",
  at: { stdout: position, stderr: position },
  seq: 7,
  eos: null,
};

Deno.test("encodeCursor() writes equal cursors alike, whatever the order of their streams", () => {
  assertEquals(encodeCursor(cursor), encodeCursor({ ...cursor, at: { stderr: position, stdout: position } }));
  assertEquals(decodeCursor(encodeCursor(cursor)), cursor);
});

Deno.test("decodeCursor() begins anew where there is no cursor or none that can be understood", () => {
  for (const text of [null, "", "{}", "not json", encodeCursor(cursor).replace("7", "-7")]) {
    assertEquals(decodeCursor(text), NOTHING_PUBLISHED);
  }
});
