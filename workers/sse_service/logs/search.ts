import type { z } from "@zod/zod";
import type { LineFilter, LogStore, MatchMark } from "lib/log_store/log_store.ts";
import { parsePattern, textPattern } from "lib/log_store/pattern/parse_pattern.ts";
import { decodeCursor, encodeCursor, type Listing, MatchCursor } from "./cursor.ts";
import type { LogSearch, LogSearchQuery } from "./schemas.ts";

/** Matches of a page unless the client says otherwise. */
const PAGE_MATCHES = 100;

/**
 * One page of a search; null if its cursor is none of this search.
 *
 * @throws {SearchLimitError} @throws {OutageError}
 */
export async function search(
  logStore: Pick<LogStore, "search">,
  jobId: string,
  query: z.infer<typeof LogSearchQuery>,
): Promise<z.infer<typeof LogSearch> | null> {
  const { q, regex, ignore_case, type, stream, cursor } = query;
  const listing: Listing = ["search", jobId, q, regex, ignore_case, type, stream];
  const after = cursor === undefined ? undefined : markOf(cursor, listing);
  if (after === null) return null;
  const patternOf = regex === "true" ? parsePattern : textPattern;
  const page = await logStore.search(jobId, {
    pattern: patternOf(q, { ignoreCase: ignore_case === "true" }),
    limit: query.limit ?? PAGE_MATCHES,
    ...(after ? { after } : {}),
    ...filterOf(query),
  });
  return {
    job_id: jobId,
    total: page.total,
    total_is_exact: page.totalIsExact,
    matches: page.matches.map(({ number, stored }) => ({ line_number: number, line: stored.event })),
    next: page.next ? cursorOf(page.next, listing) : null,
  };
}

/** `type` and `stream` of a query as stores name them. */
export function filterOf(
  { type, stream }: { type?: string | undefined; stream?: string | undefined },
): LineFilter {
  return { ...(type === undefined ? {} : { jobType: type }), ...(stream === undefined ? {} : { stream }) };
}

function markOf(cursor: string, listing: Listing): MatchMark | null {
  const values = decodeCursor(MatchCursor, listing, cursor);
  if (!values) return null;
  const [entryId, eventId, number, seen, total, totalIsExact] = values;
  return { entryId, eventId, number, seen, total, totalIsExact };
}

function cursorOf(mark: MatchMark, listing: Listing): string {
  const { entryId, eventId, number, seen, total, totalIsExact } = mark;
  return encodeCursor(listing, [entryId, eventId, number, seen, total, totalIsExact]);
}
