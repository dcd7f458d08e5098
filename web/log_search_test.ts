import { assertEquals } from "@std/assert";
import { LogBuffer } from "./log_buffer.js";
import { literalPattern, LogSearch, matchesIn } from "./log_search.js";

function bufferOf(texts: string[], step = "plugin") {
  const buffer = new LogBuffer({ maxLines: 8192 });
  texts.forEach((text, i) => buffer.push({ kind: "line", step, text, time: 0, seq: i + 1 }));
  return buffer;
}

function pattern(query: string, matchCase = false): RegExp {
  const found = literalPattern(query, matchCase);
  if (!found) throw new Error("no pattern");
  return found;
}

function hitsOf(search: LogSearch) {
  return Array.from({ length: search.hits.length }, (_, row) => search.hits.at(row));
}

Deno.test("literalPattern() takes every character literally", () => {
  const query = "a.b*c[d]{1}^$|(x)\\/-?+";
  assertEquals(matchesIn(pattern(query), `__${query}__`), [{ from: 2, to: 2 + query.length }]);
  assertEquals(literalPattern("", false), null);
  assertEquals(matchesIn(pattern("É"), "é"), [{ from: 0, to: 1 }]);
  assertEquals(matchesIn(pattern("E", true), "e E"), [{ from: 2, to: 3 }]);
});

Deno.test("LogSearch finds by what is seen, not by the colour codes in between", () => {
  const search = new LogSearch(bufferOf(["er\x1b[31mror\x1b[0m", "fine"]), "", pattern("error"));
  search.advance(() => false);
  assertEquals(hitsOf(search), [0]);
});

Deno.test("LogSearch works in slices and goes on with lines that come later", () => {
  const buffer = bufferOf(Array.from({ length: 2000 }, (_, i) => i % 100 === 0 ? "hit" : "miss"));
  const search = new LogSearch(buffer, "", pattern("hit"));
  let slices = 0;
  while (!search.done) search.advance(() => true), slices++;
  assertEquals(slices > 5, true);
  assertEquals(search.hits.length, 20);
  buffer.push({ kind: "line", step: "plugin", text: "a hit", time: 0, seq: 0 });
  assertEquals(search.done, false);
  search.advance(() => false);
  assertEquals(hitsOf(search).at(-1), 2000);
});

Deno.test("LogSearch keeps to its tab", () => {
  const buffer = bufferOf(["hit"], "copy");
  buffer.push({ kind: "line", step: "plugin", text: "hit", time: 0, seq: 1 });
  const search = new LogSearch(buffer, "plugin", pattern("hit"));
  search.advance(() => false);
  assertEquals(hitsOf(search), [1]);
});

Deno.test("LogSearch.move() goes through the hits in both directions and round the ends", () => {
  const search = new LogSearch(bufferOf(["hit", "miss", "hit", "miss", "hit"]), "", pattern("hit"));
  search.advance(() => false);
  assertEquals([search.move(1, 1), search.place], [2, 2]);
  assertEquals([search.move(1, 0), search.place], [4, 3]);
  assertEquals([search.move(1, 0), search.place], [0, 1]);
  assertEquals([search.move(-1, 0), search.place], [4, 3]);
});

Deno.test("LogSearch forgets hits whose lines were dropped", () => {
  const buffer = bufferOf(["hit"]);
  const search = new LogSearch(buffer, "", pattern("hit"));
  search.advance(() => false);
  search.move(1, 0);
  for (let i = 0; i < 20_000; i++) {
    buffer.push({ kind: "line", step: "plugin", text: "miss", time: 0, seq: 0 });
  }
  search.advance(() => false);
  assertEquals([search.hits.length, search.place, search.move(1, 0)], [0, 0, null]);
});
