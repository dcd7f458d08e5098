/**
 * Pages of Quickwit's index for the REST API.
 *
 * @module
 */
import { FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import type { LineFilter, LineMark, LogPage, PageRequest, StoredLog } from "./log_store.ts";
import { plainKey } from "./plain_event.ts";
import { MAX_HITS, type QuickwitHttp } from "./quickwit_http.ts";
import { comparePlaces, placeOf, quickwitPages } from "./quickwit_pages.ts";
import { entriesQuery, type From } from "./quickwit_query.ts";

/** A page ends after about this many characters of lines, however few lines that is. */
const MAX_PAGE_CHARS = 16 * 1024 * 1024;
/** After every entry there can be. */
const LAST_ENTRY_ID = "999999999999999-0";

/**
 * One page; `lines` are exact. A mark costs what the page holds, an offset the reading of all that is before it,
 * because only so entries that are stored twice are skipped as one. `total` may count such an entry as two, unless the
 * page was found by offset in a log of up to 10,000 lines.
 */
export async function quickwitPage(
  http: QuickwitHttp,
  jobId: string,
  request: PageRequest,
): Promise<LogPage> {
  const { from, limit } = request;
  if ("offset" in from) return await pageAt(http, jobId, { ...request, offset: from.offset });
  if ("tail" in from) {
    const lines = await collect(http, jobId, request, {
      entryId: LAST_ENTRY_ID,
      inclusive: true,
      backwards: true,
    });
    const count = await countLines(http, jobId, request, null);
    return { lines, offset: Math.max(0, count.total - lines.length), ...count };
  }
  const backwards = "before" in from;
  const mark = backwards ? from.before : from.after;
  const lines = limit === 0
    ? []
    : await collect(http, jobId, request, { entryId: mark.entryId, inclusive: true, backwards }, mark);
  const count = await countLines(http, jobId, request, mark);
  const offset = backwards ? Math.max(0, mark.offset - lines.length) : mark.offset + 1;
  return { lines, offset, ...count, total: Math.max(count.total, lines.length && offset + lines.length) };
}

/** Lines from number `offset` + 1 on. */
async function pageAt(
  http: QuickwitHttp,
  jobId: string,
  { limit, offset, ...filter }: PageRequest & { offset: number },
): Promise<LogPage> {
  const lines: StoredLog[] = [];
  let [seen, chars] = [0, 0];
  let countedTo = FIRST_ENTRY_ID;
  let total: number | null = null;
  for await (const page of quickwitPages(http, jobId, filter, { pageSize: MAX_HITS - 1 })) {
    total ??= page.numHits;
    for (const stored of page.lines) {
      if (seen++ < offset || lines.length >= limit || chars >= MAX_PAGE_CHARS) continue;
      chars += stored.event.line.length;
      lines.push(stored);
    }
    countedTo = page.lines.at(-1)?.entryId ?? countedTo;
    if (total > MAX_HITS && (lines.length >= limit || chars >= MAX_PAGE_CHARS)) {
      return { lines, offset, ...await countLines(http, jobId, filter, null) };
    }
  }
  return { lines, offset, total: seen, countedTo };
}

/** Up to `limit` lines beside a place, oldest first. */
async function collect(
  http: QuickwitHttp,
  jobId: string,
  { limit, ...filter }: PageRequest,
  from: From,
  mark: LineMark | null = null,
): Promise<StoredLog[]> {
  const lines: StoredLog[] = [];
  let chars = 0;
  for await (const page of quickwitPages(http, jobId, filter, { pageSize: limit + 1, from })) {
    for (const stored of page.lines) {
      const side = mark ? comparePlaces(placeOf(stored), mark) : 1;
      if (mark && (from.backwards ? side >= 0 : side <= 0)) continue;
      if (lines.length >= limit || chars >= MAX_PAGE_CHARS) return from.backwards ? lines.reverse() : lines;
      chars += stored.event.line.length;
      lines.push(stored);
    }
  }
  return from.backwards ? lines.reverse() : lines;
}

/** How many lines there are, by Quickwit's count; what `known` has counted is not counted again. */
async function countLines(http: QuickwitHttp, jobId: string, filter: LineFilter, known: LineMark | null) {
  const attempt = `read the log of "${jobId}"`;
  const last: From = { entryId: LAST_ENTRY_ID, inclusive: true, backwards: true };
  const newest = await http.search(attempt, entriesQuery(plainKey(jobId), filter, last), 1, {
    backwards: true,
  });
  const [hit] = newest.hits;
  const countedTo = hit ? `${hit.entry_ms}-${hit.entry_seq}` : FIRST_ENTRY_ID;
  if (!known || known.total === 0) return { total: newest.numHits, countedTo };
  const from: From = { entryId: known.countedTo, inclusive: false };
  const { numHits } = await http.search(attempt, entriesQuery(plainKey(jobId), filter, from), 0);
  return { total: known.total + numHits, countedTo };
}
