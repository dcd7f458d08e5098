import { assertEquals } from "@std/assert";
import { parseTerminalLine } from "./ansi.js";
import { runsOf } from "./line_pieces.js";

Deno.test("runsOf() cuts where the look changes, and loses no character", () => {
  const line = parseTerminalLine("ab\x1b[31mcdef\x1b[0mgh");
  const runs = runsOf(line, [{ from: 1, to: 3 }, { from: 5, to: 7 }]);
  assertEquals(runs.map(({ text, style, hit }) => [text, style?.fg ?? null, hit]), [
    ["a", null, false],
    ["b", null, true],
    ["c", 1, true],
    ["de", 1, false],
    ["f", 1, true],
    ["g", null, true],
    ["h", null, false],
  ]);
  assertEquals(runs.map((run) => run.text).join(""), line.text);
});

Deno.test("runsOf() shows no more than the limit and cuts no character in two", () => {
  const line = { text: "abc👩def", spans: [] };
  assertEquals(runsOf(line, [], 4).map((run) => run.text), ["abc"]);
  assertEquals(runsOf(line, [{ from: 0, to: 8 }], 5).map((run) => run.text), ["abc👩"]);
  assertEquals(runsOf({ text: "", spans: [] }, []), []);
});
