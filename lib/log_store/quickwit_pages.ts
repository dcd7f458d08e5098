/**
 * A job's log out of Quickwit, page after page.
 *
 * @module
 */
import { compareEntryIds, FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import type { LinePlace, LogRange, StoredLog } from "./log_store.ts";
import { plainKey } from "./plain_event.ts";
import { fromHit } from "./quickwit_document.ts";
import { MAX_HITS, type QuickwitHttp } from "./quickwit_http.ts";
import { entriesQuery, type From } from "./quickwit_query.ts";

/** Hits of the first search, when nothing is known yet about how long the lines are. */
const FIRST_HITS = 200;
/** Answers are kept near this size, in characters. */
const ANSWER_CHARS = 4 * 1024 * 1024;

/** Entries of one page, those of one entry id by event id; `numHits`: documents from this page on, repeats counted. */
export interface QuickwitPage {
  readonly lines: StoredLog[];
  readonly numHits: number;
}

/**
 * Pages of a job's entries, by ranges of the entry id: the millionth line costs what the first does. A page never
 * parts documents of one entry id, so all copies of an entry, as a batch sent twice leaves them, are on one page, and
 * only the first is kept. With `from.backwards` pages go from the last entry to the first. Each page is as many hits as a few megabytes hold, judged by the page before.
 */
export async function* quickwitPages(
  http: QuickwitHttp,
  jobId: string,
  range: LogRange,
  { signal, pageSize, ...options }: { signal?: AbortSignal; pageSize: number; from?: From },
): AsyncGenerator<QuickwitPage> {
  const key = plainKey(jobId);
  let from: From = options.from ?? { entryId: range.after ?? FIRST_ENTRY_ID, inclusive: false };
  const backwards = from.backwards ?? false;
  const searching = { backwards, ...(signal ? { signal } : {}) };
  let size = Math.min(pageSize + 1, FIRST_HITS);
  while (!signal?.aborted) {
    const query = entriesQuery(key, range, from);
    const { hits, numHits, bytes } = await http.search(`read the log of "${jobId}"`, query, size, searching);
    const entries = hits.map(fromHit);
    const page = wholeEntries(entries, numHits > hits.length);
    if (page.length === 0 && entries.length > 0 && size < MAX_HITS) {
      size = Math.min(size * 4, MAX_HITS);
      continue;
    }
    const lines = withoutRepeats(page.length > 0 ? page : entries).sort((a, b) => compareStored(a, b));
    if (backwards) lines.reverse();
    if (lines.length > 0) yield { lines, numHits };
    const next = entries[page.length];
    const last = entries.at(-1);
    if (numHits <= hits.length || !last) return;
    from = next && page.length > 0
      ? { entryId: next.entryId, inclusive: true, backwards }
      : { entryId: last.entryId, inclusive: false, backwards };
    size = Math.max(
      2,
      Math.min(pageSize + 1, MAX_HITS, Math.floor(size * Math.min(4, ANSWER_CHARS / bytes))),
    );
  }
}

/** `entries` without those of the last id, if there may be more of it on the next page. */
function wholeEntries(entries: StoredLog[], more: boolean): StoredLog[] {
  if (!more) return entries;
  const last = entries.at(-1)?.entryId;
  return entries.slice(0, entries.findIndex(({ entryId }) => entryId === last));
}

function withoutRepeats(entries: StoredLog[]): StoredLog[] {
  const seen = new Set<string>();
  return entries.filter(({ event }) => seen.size < seen.add(event.event_id).size);
}

/** The order of a job's entries; also tells places apart within one entry id. */
export function compareStored(a: StoredLog, b: StoredLog): number {
  return comparePlaces(placeOf(a), placeOf(b));
}

/** Negative if `a` comes before `b`. */
export function comparePlaces(a: LinePlace, b: LinePlace): number {
  return compareEntryIds(a.entryId, b.entryId) || (a.eventId < b.eventId ? -1 : +(a.eventId > b.eventId));
}

/** An entry's place in its job. */
export function placeOf({ entryId, event }: StoredLog): LinePlace {
  return { entryId, eventId: event.event_id };
}
