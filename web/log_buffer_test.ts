import { assertEquals, assertThrows } from "@std/assert";
import { LogBuffer } from "./log_buffer.js";

const line = (text: string, seq = 0, step = "plugin") => ({
  kind: "line" as const,
  step,
  text,
  time: seq,
  seq,
});

Deno.test("LogBuffer gives back every line as it came, across chunks", () => {
  const buffer = new LogBuffer();
  for (let i = 0; i < 10_000; i++) buffer.push(line(i % 7 === 0 ? "" : `line ${i}`, i + 1));
  assertEquals(buffer.end, 10_000);
  for (let i = 0; i < 10_000; i++) {
    assertEquals(buffer.text(i), i % 7 === 0 ? "" : `line ${i}`);
    assertEquals(buffer.textLength(i), buffer.text(i).length);
    assertEquals(buffer.line(i).seq, i + 1);
  }
  assertEquals(buffer.longest, "line 9999".length);
});

Deno.test("LogBuffer keeps what is special about a line", () => {
  const buffer = new LogBuffer();
  buffer.push({
    ...line("\x1b[31mbad\x1b[0m\r50%\r\x1b[32mgood", 1, "copy"),
    stream: "stderr",
    lossy: true,
    truncated: 2_000_000,
  });
  buffer.push({ kind: "end", step: "copy", text: "end of log", time: 5, seq: 0 });
  const { spans, ...rest } = buffer.line(0);
  assertEquals(rest, {
    index: 0,
    kind: "line",
    step: "copy",
    stream: "stderr",
    text: "good",
    time: 1,
    seq: 1,
    run: 1,
    rewrites: 2,
    truncated: 2_000_000,
    lossy: true,
  });
  assertEquals(spans.map(({ from, to, style }) => [from, to, style.fg]), [[0, 4, 2]]);
  assertEquals(buffer.line(1).kind, "end");
  assertEquals(buffer.line(1).stream, "");
});

Deno.test("LogBuffer sorts lines by step and shows a gap in all of them", () => {
  const buffer = new LogBuffer();
  buffer.push(line("a", 1, "copy"));
  buffer.push(line("b", 1, "plugin"));
  buffer.push({ kind: "gap", step: "", text: "lines are missing", time: NaN, seq: 0 });
  buffer.push(line("c", 2, "plugin"));
  const shown = (step: string) => {
    const rows = buffer.rows(step);
    return Array.from({ length: rows.length }, (_, row) => buffer.text(rows.at(row)));
  };
  assertEquals(shown(""), ["a", "b", "lines are missing", "c"]);
  assertEquals(shown("plugin"), ["b", "lines are missing", "c"]);
  assertEquals(shown("upload"), ["lines are missing"]);
  assertEquals(["", "copy", "plugin", "upload"].map((step) => buffer.count(step)), [3, 1, 2, 0]);
});

Deno.test("LogBuffer drops the oldest lines when there are too many, and keeps the others' indices", () => {
  const buffer = new LogBuffer({ maxLines: 10_000 });
  for (let i = 0; i < 50_000; i++) buffer.push(line(`line ${i}`, i + 1, i % 2 ? "copy" : "plugin"));
  assertEquals(buffer.end - buffer.first <= 10_000, true);
  assertEquals(buffer.text(buffer.first), `line ${buffer.first}`);
  assertEquals(buffer.text(49_999), "line 49999");
  assertThrows(() => buffer.text(buffer.first - 1), RangeError, "Cannot read line");
  assertThrows(() => buffer.text(50_000), RangeError);
  const rows = buffer.rows("copy");
  assertEquals(rows.at(0) >= buffer.first, true);
  assertEquals(rows.length + rows.dropped, 25_000);
});

Deno.test("LogBuffer bounds the bytes of few but huge lines too", () => {
  const buffer = new LogBuffer({ maxBytes: 8 * 2 ** 20 });
  for (let i = 0; i < 40; i++) buffer.push(line("x".repeat(2 ** 20), i + 1));
  assertEquals(buffer.end, 40);
  assertEquals(buffer.end - buffer.first <= 9, true);
  assertEquals(buffer.line(39).seq, 40);
});

Deno.test("LogBuffer finds a line of the container that a permalink names", () => {
  const buffer = new LogBuffer();
  for (let seq = 1; seq <= 5; seq++) buffer.push(line(`a${seq}`, seq));
  buffer.push({ kind: "run", step: "plugin", text: "again", time: 0, seq: 0 });
  for (let seq = 1; seq <= 3; seq++) buffer.push(line(`b${seq}`, seq));
  const found = (seq: number, run: number) => buffer.find({ step: "plugin", seq, run });
  assertEquals([found(2, 1), found(2, 2), found(4, 2), found(1, 3)], [1, 7, null, null]);
  assertEquals([buffer.line(4).run, buffer.line(6).run, buffer.line(5).kind], [1, 2, "run"]);
});

Deno.test("LogBuffer finds the line a permalink names, also after a restart began to count anew", () => {
  const find = (step: string, seq: number) => buffer.find({ step, seq, run: 1 });
  const buffer = new LogBuffer();
  for (let seq = 1; seq <= 5000; seq++) buffer.push(line(`a${seq}`, seq));
  buffer.push({ kind: "end", step: "plugin", text: "end", time: 0, seq: 5000 });
  for (let seq = 1; seq <= 6000; seq++) buffer.push(line(`b${seq}`, seq));
  assertEquals(find("plugin", 42), 41);
  assertEquals(buffer.text(find("plugin", 5500) ?? -1), "b5500");
  assertEquals(find("plugin", 7000), null);
  assertEquals(find("copy", 1), null);
});
