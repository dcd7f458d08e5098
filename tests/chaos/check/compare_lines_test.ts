import { assertEquals } from "@std/assert";
import { compareLines } from "./compare_lines.ts";

const kinds = (expected: string, seen: string) =>
  compareLines([...expected], [...seen]).map(({ kind }) => kind);

Deno.test("compareLines() tells lost, additional, changed and displaced lines apart", () => {
  assertEquals(kinds("abc", "abc"), []);
  assertEquals(kinds("abc", "ac"), ["lost"]);
  assertEquals(kinds("abc", "abbc"), ["extra"]);
  assertEquals(kinds("abc", "axc"), ["changed"]);
  assertEquals(kinds("abc", "acb"), ["order"]);
  assertEquals(kinds("abc", "bcx"), ["lost", "extra"]);
  assertEquals(kinds("abc", "aacx"), ["lost", "extra"]);
  assertEquals(kinds("", "a"), ["extra"]);
});
