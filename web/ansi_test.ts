import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseTerminalLine } from "./ansi.js";

const text = (raw: string) => parseTerminalLine(raw).text;
const styles = (raw: string) =>
  parseTerminalLine(raw).spans.map(({ from, to, style }) => [from, to, style.fg, style.bold]);

Deno.test("parseTerminalLine() leaves a plain line as it is", () => {
  assertEquals(parseTerminalLine("a\tb <i>"), { text: "a\tb <i>", spans: [], rewrites: 0 });
});

Deno.test("parseTerminalLine() takes colours out of the text and says where they were", () => {
  const raw = "ok \x1b[1;31mred\x1b[0m plain \x1b[92mbright\x1b[39m.";
  assertEquals(text(raw), "ok red plain bright.");
  assertEquals(styles(raw), [[3, 6, 1, true], [13, 19, 10, false]]);
});

Deno.test("parseTerminalLine() reads colours of the 256 and of 24 bits in both notations", () => {
  const fg = (raw: string) => parseTerminalLine(raw).spans[0]?.style.fg;
  assertEquals(fg("\x1b[38;5;196mx"), "#ff0000");
  assertEquals(fg("\x1b[38;5;9mx"), 9);
  assertEquals(fg("\x1b[38;5;244mx"), "#808080");
  assertEquals(fg("\x1b[38;2;1;2;300mx"), "#0102ff");
  assertEquals(fg("\x1b[38:2::16:32:48mx"), "#102030");
  assertEquals(fg("\x1b[38:5:208mx"), "#ff8700");
});

Deno.test("parseTerminalLine() shows a progress line in its last state and counts the earlier ones", () => {
  assertEquals(parseTerminalLine(" 1%\r 50%\r100%").text, "100%");
  assertEquals(parseTerminalLine(" 1%\r 50%\r100%").rewrites, 2);
  assertEquals(parseTerminalLine("windows line\r"), { text: "windows line", spans: [], rewrites: 0 });
  assertEquals(text("one\x1b[2K\x1b[1Gtwo"), "two");
});

Deno.test("parseTerminalLine() keeps the last readable state of a line that was cleared at its end", () => {
  assertEquals(parseTerminalLine("99%\r100%\r     \r"), { text: "100%", spans: [], rewrites: 1 });
});

Deno.test("G13 parseTerminalLine() gives no effect to any other control sequence", () => {
  assertEquals(text("a\x1b[2J\x1b[10;10Hb\x1b[?25lc\x1b(Bd\x1bce"), "abcde");
});

Deno.test("G13 parseTerminalLine() marks sequences that carry hidden text", () => {
  assertEquals(text("\x1b]0;title\x07x"), "␛x");
  assertEquals(text("\x1b]8;;http://evil/\x1b\\click\x1b]8;;\x1b\\"), "␛click␛");
  assertEquals(text("\x1b]52;c;never closed"), "␛");
  assertEquals(text("broken \x1b"), "broken ␛");
  assertEquals(text("broken \x1b[12"), "broken ␛[12");
});

Deno.test("parseTerminalLine() starts every line without colour and stops it at the line's end", () => {
  parseTerminalLine("\x1b[31mnever reset");
  assertEquals(parseTerminalLine("next").spans, []);
});

Deno.test("G13 parseTerminalLine() yields no escape, and spans that lie in order within the text, whatever comes in", () => {
  const hostile = fc.array(
    fc.constantFrom(
      "\x1b",
      "[",
      "]",
      "m",
      "38;5;",
      "1",
      ";",
      ":",
      "\r",
      "\x07",
      "\\",
      "x",
      "é",
      "P",
      "G",
      " ",
    ),
    { maxLength: 40 },
  ).map((parts) => parts.join(""));
  fc.assert(fc.property(hostile, (raw) => {
    const line = parseTerminalLine(raw);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x1b\r]/.test(line.text), false);
    let end = 0;
    for (const span of line.spans) {
      assertEquals(span.from >= end && span.to > span.from && span.to <= line.text.length, true);
      end = span.to;
    }
  }));
});
