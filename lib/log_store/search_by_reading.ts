/**
 * Searches by reading the log, for stores whose server cannot search exactly.
 *
 * @module
 */
import type { LinePlace, MatchMark, SearchPage, SearchRequest, StoredLog } from "./log_store.ts";
import { LineMatcher, MatchEffortError } from "./pattern/line_matcher.ts";
import { plainEvent } from "./plain_event.ts";
import { comparePlaces, placeOf } from "./quickwit_pages.ts";
import { SearchLimitError } from "./search_limits.ts";

/** Longest time for a page and for counting the rest (ms). */
const WITHIN_MS = 15_000;
/** A page ends after about this many characters of lines, however few lines that is. */
const MAX_PAGE_CHARS = 4 * 1024 * 1024;
/** Longest stretch without letting others have their turn (ms). */
const SLICE_MS = 20;

/**
 * One page of matches. The first page goes on to the end of the log to count them all, as far as time allows; a later
 * one reads from its mark to its last match.
 *
 * @param read All lines of the job, whatever their type, from a place on (or a little before), in pages.
 * @throws {SearchLimitError} if not even a page can be found in time.
 */
export async function searchByReading(
  read: (after: LinePlace | null) => AsyncIterable<{ lines: StoredLog[] }>,
  attempt: string,
  request: SearchRequest,
  now: () => number = () => performance.now(),
): Promise<SearchPage> {
  const search = new Search(request);
  const began = now();
  try {
    for await (const { lines } of read(request.after ?? null)) {
      let slice = now();
      for (const stored of lines) {
        search.take(stored);
        if (search.done) return search.result(true);
        if (now() - slice < SLICE_MS) continue;
        await new Promise((resolve) => setTimeout(resolve));
        slice = now();
      }
      if (now() - began < WITHIN_MS) continue;
      if (search.hasPage) return search.result(false);
      throw new SearchLimitError(`Cannot ${attempt}: it takes more than ${WITHIN_MS} ms`);
    }
  } catch (error) {
    if (!(error instanceof MatchEffortError)) throw error;
    throw new SearchLimitError(`Cannot ${attempt}: the pattern is too costly`, { cause: error });
  }
  return search.result(true);
}

class Search {
  readonly #request: SearchRequest;
  readonly #matcher: LineMatcher;
  readonly #matches: { number: number; stored: StoredLog }[] = [];
  #number: number;
  #found: number;
  #chars = 0;
  #full = false;

  constructor(request: SearchRequest) {
    this.#request = request;
    this.#matcher = new LineMatcher(request.pattern);
    this.#number = request.after?.number ?? 0;
    this.#found = request.after?.seen ?? 0;
  }

  /** Whether there is a page with more behind it. */
  get hasPage(): boolean {
    return this.#full;
  }

  /** Whether nothing more needs to be read: later pages do not count again. */
  get done(): boolean {
    return this.#full && this.#request.after !== undefined;
  }

  take(stored: StoredLog): void {
    const { after, jobType, stream, limit } = this.#request;
    if (after && comparePlaces(placeOf(stored), after) <= 0) return;
    this.#number++;
    const { event } = stored;
    if (jobType !== undefined && event.job_type !== jobType) return;
    if (stream !== undefined && event.stream !== stream) return;
    if (!this.#matcher.test(plainEvent(event).event.line)) return;
    this.#found++;
    this.#full ||= this.#matches.length >= limit || this.#chars >= MAX_PAGE_CHARS;
    if (this.#full) return;
    this.#chars += event.line.length;
    this.#matches.push({ number: this.#number, stored });
  }

  /** `whole`: whether the log was read to its end, or as far as needed. */
  result(whole: boolean): SearchPage {
    const { after } = this.#request;
    const matches = this.#matches;
    const seen = (after?.seen ?? 0) + matches.length;
    const counted = after && this.#full;
    const total = counted ? Math.max(after.total, seen + 1) : this.#found;
    const totalIsExact = counted ? after.totalIsExact : whole;
    const last = matches.at(-1);
    const next: MatchMark | null = this.#full && last
      ? { ...placeOf(last.stored), number: last.number, seen, total, totalIsExact }
      : null;
    return { matches, total, totalIsExact, next };
  }
}
