import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Fragment } from "lib/runtime/runtime.ts";
import { slices } from "./slices.ts";

function fragment(length: number): Fragment {
  return {
    stream: "stdout",
    time: "2026-01-15T12:00:00.000000000Z",
    bytes: new Uint8Array(length),
    newline: true,
  };
}

Deno.test("slices() keeps all fragments in order, in pieces within both limits", () => {
  fc.assert(fc.property(fc.array(fc.nat(300)), (lengths) => {
    const fragments = lengths.map(fragment);
    const pieces = [...slices(fragments, { maxFragments: 5, maxBytes: 500 })];
    assertEquals(pieces.flat(), fragments);
    for (const piece of pieces) {
      const before = piece.slice(0, -1).reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
      assert(piece.length >= 1 && piece.length <= 5 && before < 500);
    }
  }));
});
