import { assertEquals } from "@std/assert";
import { ago, counted, duration, fullCount, moment, shortCount } from "./format.js";

Deno.test("duration() uses at most two units, and never rounds up to a full one", () => {
  const cases: [number, string][] = [
    [-5, "0.0 s"],
    [432, "0.4 s"],
    [9_949, "9.9 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min 00 s"],
    [3_599_900, "1 h 00 min"],
    [185_000, "3 min 05 s"],
    [7_630_000, "2 h 07 min"],
    [356_400_000, "4 d 3 h"],
  ];
  for (const [ms, text] of cases) assertEquals(duration(ms), text);
});

Deno.test("moment() tells UTC by its Z, and a time nobody knows by nothing", () => {
  const at = Date.parse("2026-01-15T12:01:02.123456+00:00");
  assertEquals(moment(at, "utc"), { date: "2026-01-15", time: "12:01:02.123Z" });
  const local = moment(at, "local");
  assertEquals(new Date(`${local.date}T${local.time}`).getTime(), Math.floor(at));
  assertEquals(moment(NaN, "local"), { date: "", time: "" });
});

Deno.test("shortCount() never needs more than five characters", () => {
  for (const n of [0, 999, 1000, 99_949, 99_950, 999_499, 999_500, 1_234_567, 98_765_432]) {
    assertEquals(shortCount(n).length <= 5, true, shortCount(n));
  }
  assertEquals(shortCount(12_345), "12.3k");
  assertEquals(fullCount(1_234_567), "1,234,567");
  assertEquals([counted(1, "line"), counted(2000, "line")], ["1 line", "2,000 lines"]);
});

Deno.test("ago() tells one unit", () => {
  const texts = [-50, 4999, 12_000, 61_000, 7_300_000, 2 * 86_400_000, NaN].map(ago);
  assertEquals(texts, ["now", "now", "12 s ago", "1 min ago", "2 h ago", "2 d ago", ""]);
});
