/**
 * Pages for the REST API: by offset, from the end, and on from a line.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { LineFilter, LineMark, LogPage, LogStore, StoredLog } from "../log_store.ts";
import { idsOf, type Sentences, storedLog } from "./entries.ts";

/** The mark of a page's first or last line. */
function markOf(page: LogPage, at: "first" | "last"): LineMark {
  const index = at === "first" ? 0 : page.lines.length - 1;
  const line = page.lines[index];
  assert(line, "the page is empty");
  const { total, countedTo } = page;
  return {
    entryId: line.entryId,
    eventId: line.event.event_id,
    offset: page.offset + index,
    total,
    countedTo,
  };
}

/** All lines, page by page from the first to the last, then back again; checks every page's offset and total. */
async function thereAndBack(store: LogStore, lines: StoredLog[], filter: LineFilter, limit: number) {
  const total = lines.length;
  const there: StoredLog[] = [];
  let page = await store.page("job", { ...filter, limit, from: { offset: 0 } });
  while (page.lines.length > 0) {
    assertEquals([page.offset, page.total], [there.length, total]);
    there.push(...page.lines);
    page = await store.page("job", { ...filter, limit, from: { after: markOf(page, "last") } });
  }
  assertEquals(there, lines);
  page = await store.page("job", { ...filter, limit, from: { tail: true } });
  const back: StoredLog[] = [];
  while (page.lines.length > 0) {
    back.unshift(...page.lines);
    assertEquals([page.offset, page.total], [total - back.length, total]);
    page = await store.page("job", { ...filter, limit, from: { before: markOf(page, "first") } });
  }
  assertEquals(back, lines);
}

/** Pages. */
export const PAGES: Sentences = {
  "page() goes on from any line, forwards and backwards, also among lines of one entry id": async (store) => {
    const entries = Array.from(
      { length: 40 },
      (_, n) => storedLog(`${Math.floor(n / 3) + 1}-0`, { line: `line ${n}` }),
    );
    await store.write([...entries, storedLog("5-5", { eos: true })]);
    const { lines } = await store.page("job", { limit: 100, from: { offset: 0 } });
    assertEquals(idsOf(lines), idsOf(entries));
    for (const limit of [1, 4, 40]) await thereAndBack(store, lines, {}, limit);
    const middle = await store.page("job", { limit: 3, from: { offset: 20 } });
    assertEquals(middle.lines, lines.slice(20, 23));
  },
  "page() shows the lines of one step or stream, and counts only these": async (store) => {
    const entries = Array.from({ length: 30 }, (_, n) =>
      storedLog(`${n + 1}-0`, {
        job_type: n % 3 === 0 ? "copy" : "plugin",
        stream: n % 2 === 0 ? "stdout" : "stderr",
      }));
    await store.write(entries);
    const filters: [LineFilter, (stored: StoredLog) => boolean][] = [
      [{ jobType: "copy" }, ({ event }) => event.job_type === "copy"],
      [{ stream: "stderr" }, ({ event }) => event.stream === "stderr"],
      [
        { jobType: "plugin", stream: "stdout" },
        ({ event }) => event.job_type === "plugin" && event.stream === "stdout",
      ],
      [{ jobType: 'x" OR job_type:"copy' }, () => false],
      [{ stream: "' OR '1'='1" }, () => false],
    ];
    for (const [filter, isShown] of filters) await thereAndBack(store, entries.filter(isShown), filter, 4);
  },
  "page() counts lines that came after a mark, without counting all again": async (store) => {
    await store.write([1, 2, 3].map((n) => storedLog(`${n}-0`)));
    const first = await store.page("job", { limit: 2, from: { tail: true } });
    await store.write([4, 5].map((n) => storedLog(`${n}-0`)));
    const more = await store.page("job", { limit: 10, from: { after: markOf(first, "last") } });
    assertEquals([idsOf(more.lines), more.offset, more.total], [["4-0", "5-0"], 3, 5]);
    const none = await store.page("job", { limit: 10, from: { after: markOf(more, "last") } });
    assertEquals([none.lines, none.offset, none.total], [[], 5, 5]);
    assertEquals((await store.page("nobody", { limit: 10, from: { tail: true } })).lines, []);
  },
  "page() of long lines is short, and the next one goes on where it ended": async (store) => {
    const entries = Array.from(
      { length: 50 },
      (_, n) => storedLog(`${n + 1}-0`, { line: `${n}`.padEnd(900_000, "x") }),
    );
    for (let n = 0; n < 50; n += 10) await store.write(entries.slice(n, n + 10));
    let page = await store.page("job", { limit: 10_000, from: { offset: 0 } });
    assert(page.lines.length > 0 && page.lines.length < 25, `${page.lines.length} lines`);
    const ids = idsOf(page.lines);
    while (page.lines.length > 0) {
      page = await store.page("job", { limit: 10_000, from: { after: markOf(page, "last") } });
      ids.push(...idsOf(page.lines));
    }
    assertEquals(ids, idsOf(entries));
  },
};
