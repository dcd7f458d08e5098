import { assertEquals, assertRejects } from "@std/assert";
import type { MatchMark, StoredLog } from "./log_store.ts";
import { parsePattern, textPattern } from "./pattern/parse_pattern.ts";
import { searchByReading } from "./search_by_reading.ts";
import { SearchLimitError } from "./search_limits.ts";
import { storedLog } from "./suite/entries.ts";

/** A log of ten pages of ten lines; every page takes `msPerPage` to come. */
function logOf(msPerPage: number) {
  const lines = Array.from(
    { length: 100 },
    (_, n) => storedLog(`${n + 1}-0`, { line: n % 5 === 0 ? "hit" : "miss" }),
  );
  const clock = { ms: 0, pages: 0 };
  async function* read(): AsyncGenerator<{ lines: StoredLog[] }> {
    for (let start = 0; start < lines.length; start += 10) {
      clock.ms += msPerPage;
      clock.pages++;
      yield await Promise.resolve({ lines: lines.slice(start, start + 10) });
    }
  }
  return { read, clock, now: () => clock.ms };
}

const pattern = textPattern("hit");

Deno.test("searchByReading() counts to the end with the first page, and reads no further than needed with the next", async () => {
  const first = logOf(0);
  const page = await searchByReading(first.read, "search", { pattern, limit: 3 }, first.now);
  assertEquals([page.matches.map(({ number }) => number), page.total, page.totalIsExact], [
    [1, 6, 11],
    20,
    true,
  ]);
  assertEquals(first.clock.pages, 10);
  const second = logOf(0);
  const after = page.next as MatchMark;
  const next = await searchByReading(second.read, "search", { pattern, limit: 3, after }, second.now);
  assertEquals([next.total, next.totalIsExact, next.next?.seen], [20, true, 6]);
  assertEquals(second.clock.pages < 10, true);
});

Deno.test("searchByReading() that runs out of time shows the page and says that the total is not exact", async () => {
  const log = logOf(4_000);
  const page = await searchByReading(log.read, "search", { pattern, limit: 3 }, log.now);
  assertEquals([page.matches.length, page.total, page.totalIsExact], [3, 8, false]);
  assertEquals(page.next?.totalIsExact, false);
  const after = page.next as MatchMark;
  const last = await searchByReading(logOf(0).read, "search", { pattern, limit: 100, after }, () => 0);
  assertEquals([last.total, last.totalIsExact, last.next], [20, true, null]);
});

Deno.test("searchByReading() gives up when not even a page is found in time, or the pattern costs too much", async () => {
  const slow = logOf(20_000);
  const request = { pattern, limit: 50 };
  await assertRejects(
    () => searchByReading(slow.read, "search", request, slow.now),
    SearchLimitError,
    "more than",
  );
  const costly = { pattern: parsePattern("(a|b)*a(a|b){200}c"), limit: 1 };
  let state = 1;
  const line = Array.from(
    { length: 200_000 },
    () => (state = state * 48_271 % 2_147_483_647) & 256 ? "a" : "b",
  ).join("");
  async function* read() {
    yield await Promise.resolve({ lines: [storedLog("1-0", { line })] });
  }
  await assertRejects(() => searchByReading(read, "search", costly, () => 0), SearchLimitError, "too costly");
});
