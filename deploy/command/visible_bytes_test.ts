import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { visibleBytes, visibleJson, visibleText } from "./visible_bytes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("G13 visibleBytes() writes out what a terminal would obey or hide, and no two inputs alike", () => {
  assertEquals(visibleBytes(bytes("plain ünï 🎉")), "plain ünï 🎉");
  assertEquals(visibleBytes(bytes("\x1b[31m\r\n\t\0")), "\\u{1b}[31m\\r\\n\\t\\u{0}");
  assertEquals(
    visibleBytes(bytes("a\u202eb\u200bc\u{e0041}\ufeff\\n")),
    "a\\u{202e}b\\u{200b}c\\u{e0041}\\u{feff}\\\\n",
  );
  assertEquals(
    visibleBytes(Uint8Array.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0xed, 0xa0, 0x80])),
    "a\\xff\\xc3(\\xe2\\x82\\xed\\xa0\\x80",
  );
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
    assertEquals(/[\p{C}\p{Zl}\p{Zp}]/u.test(visibleBytes(a)), false);
    assertEquals(visibleBytes(a) === visibleBytes(b), String(a) === String(b));
  }));
});

Deno.test("G13 visibleJson() is printable and still says the same", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff })), (codes) => {
    const text = String.fromCodePoint(...codes);
    const json = visibleJson({ text });
    assertEquals(/[\p{C}\p{Zl}\p{Zp}]/u.test(json), false);
    assertEquals(JSON.parse(json), { text });
  }));
  assertEquals(visibleJson("\u009b\u{e0041}"), '"\\u009b\\udb40\\udc41"');
});

Deno.test("visibleText() writes a backslash twice, so that nothing passes for what it is not", () => {
  assertEquals(visibleText("\\n\n"), "\\\\n\\n");
});
