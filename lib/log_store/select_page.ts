/**
 * Pages of the table `job_logs` for the REST API.
 *
 * @module
 */
import type postgres from "postgres";
import { entryIdParts, FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import type { Sql } from "../store/open.ts";
import type { LineFilter, LinePlace, LogPage, PageRequest, StoredLog } from "./log_store.ts";
import { plainKey } from "./plain_event.ts";
import { storedLog } from "./select_logs.ts";

/** A page ends after this many bytes of lines, however few lines that is. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
/** Lines of one entry id among which an offset is looked for; in practice there is one. */
const MAX_TIES = 256;

/** What builds conditions: a pool or a transaction. */
export type Queries = postgres.ISql;
/** A part of a statement. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** One page; `from.offset` costs a walk along the index, all else what the page holds and what was not counted yet. */
export async function selectLines(sql: Sql, jobId: string, request: PageRequest): Promise<LogPage> {
  const { from, limit } = request;
  const lines = linesOf(sql, jobId, request);
  if ("offset" in from) {
    const [page, count] = await Promise.all([
      selectFrom(sql, lines, { offset: from.offset, limit }),
      countLines(sql, lines),
    ]);
    return {
      lines: page,
      offset: from.offset,
      ...count,
      total: Math.max(count.total, from.offset && page.length && from.offset + page.length),
    };
  }
  if ("tail" in from) {
    const [page, count] = await Promise.all([
      selectRows(sql, lines, { limit, backwards: true }),
      countLines(sql, lines),
    ]);
    return { lines: page, offset: Math.max(0, count.total - page.length), ...count };
  }
  const backwards = "before" in from;
  const mark = backwards ? from.before : from.after;
  const [page, count] = await Promise.all([
    selectRows(sql, sql`${lines} ${beside(sql, mark, backwards)}`, { limit, backwards }),
    countLines(sql, lines, mark),
  ]);
  const offset = backwards ? Math.max(0, mark.offset - page.length) : mark.offset + 1;
  return { lines: page, offset, ...count, total: Math.max(count.total, page.length && offset + page.length) };
}

/** The condition for the lines of a job. */
export function linesOf(sql: Queries, jobId: string, { jobType, stream }: LineFilter): Fragment {
  return sql`job_id = ${plainKey(jobId)} AND NOT eos
    ${jobType === undefined ? sql`` : sql`AND job_type = ${jobType}`}
    ${stream === undefined ? sql`` : sql`AND stream = ${stream}`}`;
}

/** The condition for lines after a place, or before it. The first half is what the index is asked for. */
export function beside(sql: Queries, { entryId, eventId }: LinePlace, backwards = false): Fragment {
  const [ms, seq] = entryIdParts(entryId);
  const key = plainKey(eventId);
  return backwards
    ? sql`AND (entry_ms, entry_seq) <= (${ms}, ${seq}) AND (entry_ms, entry_seq, event_id) < (${ms}, ${seq}, ${key})`
    : sql`AND (entry_ms, entry_seq) >= (${ms}, ${seq}) AND (entry_ms, entry_seq, event_id) > (${ms}, ${seq}, ${key})`;
}

/** How many lines there are, and up to where that was counted. What `known` has counted is not counted again. */
async function countLines(
  sql: Sql,
  lines: Fragment,
  known: { total: number; countedTo: string } = { total: 0, countedTo: FIRST_ENTRY_ID },
): Promise<{ total: number; countedTo: string }> {
  const [ms, seq] = entryIdParts(known.countedTo);
  const after = known.total === 0 ? sql`` : sql`AND (entry_ms, entry_seq) > (${ms}, ${seq})`;
  const [[last], [row]] = await Promise.all([
    sql`SELECT entry_ms, entry_seq FROM job_logs WHERE ${lines} ORDER BY entry_ms DESC, entry_seq DESC LIMIT 1`,
    sql`SELECT count(*) AS lines FROM job_logs WHERE ${lines} ${after}`,
  ]);
  const counted: number = row?.lines ?? 0;
  return {
    total: known.total + counted,
    countedTo: last ? `${last.entry_ms}-${last.entry_seq}` : known.countedTo,
  };
}

/** Lines from number `offset` + 1 on. Its place is found in the index alone, where it has company by its ties. */
async function selectFrom(
  sql: Sql,
  lines: Fragment,
  { offset, limit }: { offset: number; limit: number },
): Promise<StoredLog[]> {
  if (limit === 0) return [];
  const before = Math.min(offset, MAX_TIES);
  const keys = await sql`
    SELECT entry_ms, entry_seq FROM job_logs WHERE ${lines}
    ORDER BY entry_ms, entry_seq LIMIT ${before + 1} OFFSET ${offset - before}`;
  const first = keys[before];
  if (!first) return [];
  const { entry_ms: ms, entry_seq: seq } = first;
  const skip = keys.slice(0, before).filter((key) => key.entry_ms === ms && key.entry_seq === seq).length;
  const place = skip < MAX_TIES ? sql`${lines} AND (entry_ms, entry_seq) >= (${ms}, ${seq})` : lines;
  return await selectRows(sql, place, { limit, offset: skip < MAX_TIES ? skip : offset });
}

/** The first lines of a condition, or with `backwards` the last ones; oldest first in any case. */
async function selectRows(
  sql: Sql,
  lines: Fragment,
  { limit, offset = 0, backwards = false }: { limit: number; offset?: number; backwards?: boolean },
): Promise<StoredLog[]> {
  const order = backwards
    ? sql`entry_ms DESC, entry_seq DESC, event_id DESC`
    : sql`entry_ms, entry_seq, event_id`;
  const rows = await sql`
    SELECT *, timestamp::text AS at FROM (
      SELECT *, coalesce(sum(octet_length(line) + coalesce(octet_length(original), 0)) OVER (
        ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before
      FROM (SELECT * FROM job_logs WHERE ${lines} ORDER BY ${order} LIMIT ${limit} OFFSET ${offset}) AS first
    ) AS page
    WHERE bytes_before < ${MAX_PAGE_BYTES} ORDER BY ${order}`;
  const page = rows.map(storedLog);
  return backwards ? page.reverse() : page;
}
