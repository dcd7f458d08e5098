import { assert, assertEquals } from "@std/assert";
import { PageSize } from "./page_size.ts";

const MIB = 1024 * 1024;

const entries = (count: number, length: number) =>
  Array.from({ length: count }, () => ({ data: { length } }));

Deno.test("PageSize grows to the most there may be, as long as entries are small", () => {
  const size = new PageSize(500);
  const counts = Array.from({ length: 5 }, () => {
    const { count } = size;
    size.saw(entries(count, 300));
    return count;
  });
  assertEquals(counts, [64, 128, 256, 500, 500]);
  assertEquals(new PageSize(7).count, 7);
});

Deno.test("G11 PageSize asks for few entries where they are long, and recovers", () => {
  const size = new PageSize(1_000);
  size.saw(entries(10, 1_000_000));
  assertEquals(size.count, 2);
  size.saw([]);
  assertEquals(size.count, 2);
  size.saw(entries(2, 5_000_000));
  assertEquals(size.count, 1);
  size.saw(entries(1, 20_000));
  assertEquals(size.count, 2);
  size.saw([{ data: null }, ...entries(1, 10)]);
  assertEquals(size.count, 4);
});

Deno.test("G9 PageSize keeps batches of huge entries small, and begins with ever fewer the more owners have vanished", () => {
  const size = new PageSize(2_000, { enough: 32 * MIB });
  for (let batches = 0; batches < 10; batches++) {
    size.saw(entries(size.count, MIB));
    assert(size.count <= 32, `${size.count} entries of a mebibyte`);
  }
  size.saw(entries(1, 300 * MIB));
  assertEquals(size.count, 1);
  const begins = [0, 1, 2, 3, 4, 50].map((crashes) => new PageSize(2_000, { crashes }).count);
  assertEquals(begins, [64, 16, 4, 1, 1, 1]);
});
