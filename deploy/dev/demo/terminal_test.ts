import { assertEquals, assertMatch } from "@std/assert";
import { harmless, Terminal } from "./terminal.ts";

Deno.test("Terminal writes no colours where there are none to be had", () => {
  let written = "";
  const plain = new Terminal(false, (text) => written += text);
  plain.done("redis", "is up", 1_234);
  plain.warn("redis", "died\nits log");
  assertEquals(written, "  ok  redis            is up  1.2 s\n  !!  redis            died\n      its log\n");
  // deno-lint-ignore no-control-regex
  assertMatch(new Terminal(true, () => {}).style("red", "x"), /^\x1b\[31mx\x1b\[0m$/);
});

Deno.test("G13 harmless() lets no text command the terminal or turn round a line", () => {
  assertEquals(harmless("a\tb \x1b]0;title\x07\r\n"), "a\tb \\u{1b}]0;title\\u{7}\\u{d}\\u{a}");
  assertEquals(harmless("\u202etxt.exe \u009b31m \u2028"), "\\u{202e}txt.exe \\u{9b}31m \\u{2028}");
  assertEquals(harmless("über 漢字 🧠"), "über 漢字 🧠");
});
