/**
 * Searches in the table `job_logs`, by Postgres itself and within a time of their own.
 *
 * @module
 */
import type { Row } from "postgres";
import { entryIdParts, FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import { type Sql, type Transaction, withOutage } from "../store/open.ts";
import type { MatchMark, SearchPage, SearchRequest } from "./log_store.ts";
import { plainKey } from "./plain_event.ts";
import { requiredText } from "./pattern/pattern.ts";
import { postgresPattern } from "./pattern/postgres_pattern.ts";
import { SearchLimitError } from "./search_limits.ts";
import { storedLog } from "./select_logs.ts";
import { beside, type Fragment, linesOf, type Queries } from "./select_page.ts";

/** Longest time for finding a page, and for counting all matches (ms). */
const PAGE_WITHIN_MS = 12_000;
const COUNT_WITHIN_MS = 12_000;
/** A page ends after this many bytes of lines, however few lines that is. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
/** SQLSTATEs of a statement that took too long, and of a pattern that needs more than the server gives. */
const TOO_MUCH: ReadonlySet<string> = new Set(["57014", "2201B", "54001", "53200"]);

/** One page of matches; the first page also counts them all. @throws {SearchLimitError} @throws {OutageError} */
export async function searchLogs(sql: Sql, jobId: string, request: SearchRequest): Promise<SearchPage> {
  const attempt = `search the log of "${jobId}"`;
  const { after: mark, limit } = request;
  const page = await within(sql, attempt, PAGE_WITHIN_MS, (tx) => selectMatches(tx, jobId, request));
  if (!page) throw new SearchLimitError(`Cannot ${attempt}: it takes more than ${PAGE_WITHIN_MS} ms`);
  const { matches, more } = page;
  const seen = (mark?.seen ?? 0) + Math.min(matches.length, limit);
  const count = !more
    ? { total: seen, totalIsExact: true }
    : mark ?? await countMatches(sql, attempt, jobId, request);
  const total = count === null ? seen + 1 : Math.max(count.total, seen + (more ? 1 : 0));
  const totalIsExact = count?.totalIsExact ?? false;
  const last = matches.at(-1);
  const next: MatchMark | null = more && last
    ? {
      entryId: last.stored.entryId,
      eventId: last.stored.event.event_id,
      number: last.number,
      seen,
      total,
      totalIsExact,
    }
    : null;
  return { matches, total, totalIsExact, next };
}

/** The matches of a page with their numbers: between one match and the next, lines are counted in the index. */
async function selectMatches(sql: Transaction, jobId: string, request: SearchRequest) {
  const { after: mark, limit } = request;
  const [ms, seq] = entryIdParts(mark?.entryId ?? FIRST_ENTRY_ID);
  const all = linesOf(sql, jobId, {});
  const rows = await sql`
    WITH found AS MATERIALIZED (
      SELECT * FROM job_logs
      WHERE ${linesOf(sql, jobId, request)} ${mark ? beside(sql, mark) : sql``} AND ${matching(sql, request)}
      ORDER BY entry_ms, entry_seq, event_id LIMIT ${limit + 1}
    ), page AS (
      SELECT *, lag(entry_ms, 1, ${ms}::bigint) OVER in_order AS from_ms,
        lag(entry_seq, 1, ${seq}::bigint) OVER in_order AS from_seq,
        coalesce(sum(octet_length(line) + coalesce(octet_length(original), 0)) OVER (
          in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
      FROM found WINDOW in_order AS (ORDER BY entry_ms, entry_seq, event_id)
    )
    SELECT *, timestamp::text AS at, (SELECT count(*) FROM found) AS found,
      (SELECT count(*) FROM job_logs WHERE ${all} AND (entry_ms, entry_seq) >= (from_ms, from_seq)
        AND (entry_ms, entry_seq) < (page.entry_ms, page.entry_seq)) AS step,
      (SELECT count(*) FROM job_logs AS tie WHERE ${all} AND (entry_ms, entry_seq) = (page.entry_ms, page.entry_seq)
        AND tie.event_id < page.event_id) AS ties
    FROM page WHERE bytes_before < ${MAX_PAGE_BYTES} ORDER BY entry_ms, entry_seq, event_id`;
  const shown = rows.slice(0, limit);
  let below = mark ? mark.number - 1 - await tiesBefore(sql, jobId, mark) : 0;
  const matches = shown.map((row: Row) => {
    below += row.step;
    return { number: below + row.ties + 1, stored: storedLog(row) };
  });
  return { matches, more: (rows[0]?.found ?? 0) > shown.length };
}

/** How many lines of the mark's entry id come before it. */
async function tiesBefore(sql: Transaction, jobId: string, { entryId, eventId }: MatchMark): Promise<number> {
  const [ms, seq] = entryIdParts(entryId);
  const [row] = await sql`SELECT count(*) AS lines FROM job_logs
    WHERE ${linesOf(sql, jobId, {})} AND (entry_ms, entry_seq) = (${ms}, ${seq}) AND event_id < ${
    plainKey(eventId)
  }`;
  return row?.lines ?? 0;
}

/** All matches of the log; null if that takes too long. */
async function countMatches(sql: Sql, attempt: string, jobId: string, request: SearchRequest) {
  return await within(sql, attempt, COUNT_WITHIN_MS, async (tx) => {
    const [row] = await tx`SELECT count(*) AS lines FROM job_logs
      WHERE ${linesOf(tx, jobId, request)} AND ${matching(tx, request)}`;
    return { total: Number(row?.lines ?? 0), totalIsExact: true };
  });
}

/** By code point, whatever the database's locale. */
function matching(sql: Queries, { pattern }: SearchRequest): Fragment {
  const { text, isAll } = requiredText(pattern);
  const contains = text === "" ? sql`true` : sql`strpos(line COLLATE "C", ${text}) > 0`;
  if (isAll) return contains;
  return sql`${contains} AND line COLLATE "C" ~ ${postgresPattern(pattern)}`;
}

/** The result of `work`, or null if Postgres gave it up, for time or for effort. */
async function within<T>(
  sql: Sql,
  attempt: string,
  ms: number,
  work: (tx: Transaction) => Promise<T>,
): Promise<T | null> {
  try {
    return await withOutage(attempt, () =>
      sql.begin("READ ONLY", async (tx) => {
        await tx`SELECT set_config('statement_timeout', ${String(ms)}, true)`;
        try {
          return { result: await work(tx) };
        } catch (error) {
          throw codeOf(error) && TOO_MUCH.has(codeOf(error))
            ? new SearchLimitError(attempt, { cause: error })
            : error;
        }
      })).then((answer) => (answer as { result: T }).result);
  } catch (error) {
    if (error instanceof SearchLimitError) return null;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
