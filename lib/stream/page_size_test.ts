import { assertEquals } from "@std/assert";
import { PageSize } from "./page_size.ts";

const entries = (count: number, length: number) =>
  Array.from({ length: count }, () => ({ data: "x".repeat(length) }));

Deno.test("G11 PageSize asks for few entries where they are long, for many where they are short", () => {
  const size = new PageSize(1_000);
  assertEquals(size.count, 64);
  size.saw(entries(64, 300));
  assertEquals(size.count, 1_000);
  size.saw(entries(10, 1_000_000));
  assertEquals(size.count, 2);
  size.saw([]);
  assertEquals(size.count, 2);
  size.saw(entries(2, 5_000_000));
  assertEquals(size.count, 1);
  size.saw(entries(1, 20_000));
  assertEquals(size.count, 104);
  assertEquals(new PageSize(7).count, 7);
});
