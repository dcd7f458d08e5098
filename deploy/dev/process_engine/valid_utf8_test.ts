import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { validUtf8 } from "./valid_utf8.ts";

Deno.test("validUtf8() gives text back as the very same bytes", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const bytes = new TextEncoder().encode(text);
    assert(validUtf8(bytes) === bytes);
  }));
});

Deno.test("validUtf8() makes valid text of any bytes, and leaves valid ones alone", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const valid = validUtf8(bytes);
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(valid);
      const lenient = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      assertEquals(text.replace(/\ufffd+/g, "?"), lenient.replace(/\ufffd+/g, "?"));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("validUtf8() replaces each byte of a broken character, not the character", () => {
  const cases: [given: number[], replaced: number][] = [
    [[0xff], 1],
    [[0xe2, 0x82], 2],
    [[0xf0, 0x90, 0x80], 3],
    [[0xed, 0xa0, 0x80], 3],
    [[0xc0, 0x80], 2],
    [[0xf4, 0x90, 0x80, 0x80], 4],
  ];
  for (const [given, replaced] of cases) {
    assertEquals(
      new TextDecoder("utf-8", { fatal: true }).decode(validUtf8(new Uint8Array([97, ...given, 98]))),
      `a${"\ufffd".repeat(replaced)}b`,
    );
  }
});
