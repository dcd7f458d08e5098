import { assertEquals } from "@std/assert";
import { visiblePieces, visibleText } from "./visible_text.js";

Deno.test("G13 visibleText() writes bidirectional overrides out, so that they cannot reorder a line", () => {
  assertEquals(visibleText("safe\u202egnp.exe\u202c"), "safeU+202Egnp.exeU+202C");
});

Deno.test("visiblePieces() names what it shows", () => {
  assertEquals(visiblePieces("a\u0000b\u200b\u{e0041}\u007f␛"), [
    { text: "a", mark: null },
    { text: "^@", mark: "control character U+0000" },
    { text: "b", mark: null },
    { text: "U+200B", mark: "zero-width space U+200B" },
    { text: "U+E0041", mark: "invisible character U+E0041" },
    { text: "^?", mark: "control character U+007F" },
    { text: "^[", mark: "control sequence with hidden text, removed" },
  ]);
});

Deno.test("visibleText() leaves tabs, letters of all scripts and joined emoji alone", () => {
  const text = "tab\t שלום नमस्ते 👩‍🔬 é";
  assertEquals(visibleText(text), text);
  assertEquals(visiblePieces(""), []);
});
