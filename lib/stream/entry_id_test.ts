import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { compareEntryIds, entryIdParts, FIRST_ENTRY_ID } from "./entry_id.ts";

const parts = fc.tuple(fc.integer({ min: 0, max: 9_999_999_999_999 }), fc.nat());

Deno.test("compareEntryIds() goes by numbers, not by text", () => {
  assert(compareEntryIds("9-0", "10-0") < 0);
  assert(compareEntryIds("1700000000000-10", "1700000000000-9") > 0);
  assertEquals(compareEntryIds("5-5", "5-5"), 0);
});

Deno.test("compareEntryIds() orders ids by time, then by sequence", () => {
  fc.assert(fc.property(parts, parts, ([aMs, aSeq], [bMs, bSeq]) => {
    const expected = aMs !== bMs ? aMs - bMs : aSeq - bSeq;
    assertEquals(Math.sign(compareEntryIds(`${aMs}-${aSeq}`, `${bMs}-${bSeq}`)), Math.sign(expected));
  }));
});

Deno.test("FIRST_ENTRY_ID comes before every id that Redis gives", () => {
  assert(compareEntryIds(FIRST_ENTRY_ID, "0-1") < 0);
});

Deno.test("entryIdParts() reads both numbers, and a missing sequence as 0", () => {
  assertEquals(entryIdParts("1700000000000-3"), [1_700_000_000_000, 3]);
  assertEquals(entryIdParts("1700000000000"), [1_700_000_000_000, 0]);
});

Deno.test("entryIdParts() refuses what is no entry id", () => {
  for (const id of ["", "-", "1-", "-1", "1-2-3", "$", "+", ">", "0x1-0", "1.5-0", " 1-0", "1-0\n"]) {
    assertThrows(() => entryIdParts(id), RangeError, "Cannot read");
  }
});
