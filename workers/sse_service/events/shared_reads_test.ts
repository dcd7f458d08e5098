import { assertEquals, assertRejects } from "@std/assert";
import { SharedReads } from "./shared_reads.ts";

const answer = (upTo: number, bytes = 1) => ({ upTo, bytes });

Deno.test("SharedReads makes one read for all who ask while it is under way, and for those shortly after", async () => {
  let now = 0, reads = 0;
  const shared = new SharedReads(() => now);
  const ask = () =>
    shared.get<{ upTo: number; bytes: number }>("key", {
      enough: ({ upTo }, agedMs) => upTo >= 5 && agedMs < 2_000,
      read: () => Promise.resolve(answer(++reads * 5)),
    });
  assertEquals((await Promise.all([ask(), ask(), ask()])).map(({ upTo }) => upTo), [5, 5, 5]);
  now = 1_999;
  assertEquals((await ask()).upTo, 5);
  now = 2_001;
  assertEquals((await ask()).upTo, 10);
  assertEquals(reads, 2);
});

Deno.test("SharedReads reads anew for who wants more, and forgets what failed", async () => {
  const shared = new SharedReads(() => 0);
  const ask = (upTo: number, read: () => Promise<{ upTo: number; bytes: number }>) =>
    shared.get<{ upTo: number; bytes: number }>("key", { enough: (known) => known.upTo >= upTo, read });
  await assertRejects(() => ask(1, () => Promise.reject(new Error("away"))), Error, "away");
  assertEquals((await ask(1, () => Promise.resolve(answer(1)))).upTo, 1);
  assertEquals((await ask(2, () => Promise.resolve(answer(2)))).upTo, 2);
  assertEquals((await ask(1, () => Promise.reject(new Error("not asked")))).upTo, 1);
});

Deno.test("SharedReads keeps a bounded number of bytes", async () => {
  const shared = new SharedReads(() => 0);
  let reads = 0;
  const ask = (key: string) =>
    shared.get(key, { enough: () => true, read: () => (reads++, Promise.resolve(answer(0, 10_000_000))) });
  for (const key of ["a", "b", "c"]) await ask(key);
  assertEquals(reads, 3);
  await ask("c");
  assertEquals(reads, 3);
  await ask("a");
  assertEquals(reads, 4);
});

Deno.test("SharedReads keeps the newest answers of one long log, and those of others beside them", async () => {
  const shared = new SharedReads(() => 0);
  let reads = 0;
  const ask = (key: string, upTo: number, bytes: number) =>
    shared.get<{ upTo: number; bytes: number }>(key, {
      enough: (known) => known.upTo === upTo,
      read: () => (reads++, Promise.resolve(answer(upTo, bytes))),
    });
  await ask("other", 1, 1_000);
  for (let page = 1; page <= 20; page++) await ask("long", page, 500_000);
  assertEquals(reads, 21);
  for (const page of [20, 19, 18]) await ask("long", page, 500_000);
  await ask("other", 1, 1_000);
  assertEquals(reads, 21);
  await ask("long", 1, 500_000);
  assertEquals(reads, 22);
});
