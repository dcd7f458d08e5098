import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { decodeCursor, encodeCursor, LineCursor, MatchCursor } from "./cursor.ts";

const LISTING = ["history", "job-a", "plugin", undefined];
const VALUES = ["17-2", "e\u00e4\0", 41, 1_000, "99-0"] as const;

Deno.test("decodeCursor() gives back what encodeCursor() was given, for the same listing only", () => {
  const cursor = encodeCursor(LISTING, VALUES);
  assertEquals(/^[A-Za-z0-9_-]+$/.test(cursor), true);
  assertEquals(decodeCursor(LineCursor, LISTING, cursor), [...VALUES]);
  for (const other of [["history", "job-b", "plugin", undefined], ["history", "job-a"], []]) {
    assertEquals(decodeCursor(LineCursor, other, cursor), null);
  }
  assertEquals(decodeCursor(MatchCursor, LISTING, cursor), null);
});

Deno.test("decodeCursor() takes nothing else for a cursor, and never throws", () => {
  const cursor = encodeCursor(LISTING, VALUES);
  const changed = fc.tuple(fc.nat(cursor.length - 1), fc.constantFrom(..."aB3_-")).filter(([at, char]) =>
    cursor[at] !== char
  ).map(([at, char]) => cursor.slice(0, at) + char + cursor.slice(at + 1));
  fc.assert(fc.property(fc.oneof(changed, fc.string({ unit: "binary" }), fc.base64String()), (text) => {
    const decoded = decodeCursor(LineCursor, LISTING, text);
    assertEquals(decoded, null);
  }));
  assertNotEquals(decodeCursor(LineCursor, LISTING, cursor), null);
  assertEquals(decodeCursor(LineCursor, LISTING, "x".repeat(1_000_000)), null);
  assertEquals(decodeCursor(LineCursor, LISTING, encodeCursor(LISTING, ["1-0", "e", -1, 0, "1-0"])), null);
  for (const id of ["1-99999999999999999999", "1-9007199254740992", "9999999999999999-0", "1", "x-0"]) {
    assertEquals(decodeCursor(LineCursor, LISTING, encodeCursor(LISTING, [id, "e", 0, 0, "1-0"])), null, id);
    assertEquals(decodeCursor(LineCursor, LISTING, encodeCursor(LISTING, ["1-0", "e", 0, 0, id])), null, id);
  }
});
