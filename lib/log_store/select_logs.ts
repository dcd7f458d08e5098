/**
 * Log events out of the table `job_logs`, in the order of the job.
 *
 * @module
 */
import type { Row } from "postgres";
import type { LogEvent } from "../event/log.ts";
import { entryIdParts, FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import type { Sql } from "../store/open.ts";
import type { LogRange, StoredLog } from "./log_store.ts";
import { exactEvent } from "./plain_event.ts";

/** A page ends after this many bytes of lines, however few lines that is. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/**
 * The first `limit` entries of `range`, fewer if their lines are long; entries of equal id are never parted, so
 * that the next page may begin after the last id. `more`: there may be entries after these.
 */
export async function selectPage(
  sql: Sql,
  jobId: string,
  range: LogRange,
  limit: number,
): Promise<{ lines: StoredLog[]; more: boolean }> {
  const [afterMs, afterSeq] = entryIdParts(range.after ?? FIRST_ENTRY_ID);
  const before = range.before === undefined ? null : entryIdParts(range.before);
  const rows = await sql`
    SELECT entry_ms, entry_seq, seq, event_id, ${jobId} AS job_id, job_type, stream, container_name, container_id, eos,
      lossy, truncated, timestamp::text AS at,
      CASE WHEN bytes <= ${MAX_PAGE_BYTES} OR place = 1 THEN line END AS line,
      CASE WHEN bytes <= ${MAX_PAGE_BYTES} OR place = 1 THEN original END AS original
    FROM (
      SELECT *, rank() OVER in_order AS place,
        sum(octet_length(line) + coalesce(octet_length(original), 0)) OVER in_order AS bytes
      FROM (
        SELECT * FROM job_logs
        WHERE job_id = ${jobId} AND (entry_ms, entry_seq) > (${afterMs}, ${afterSeq})
          ${before ? sql`AND (entry_ms, entry_seq) < (${before[0]}, ${before[1]})` : sql``}
          ${range.jobType === undefined ? sql`` : sql`AND job_type = ${range.jobType}`}
          ${range.stream === undefined ? sql`` : sql`AND stream = ${range.stream}`}
          ${range.withMarkers ? sql`` : sql`AND NOT eos`}
        ORDER BY entry_ms, entry_seq FETCH FIRST ${limit} ROWS WITH TIES
      ) AS first
      WINDOW in_order AS (ORDER BY entry_ms, entry_seq)
    ) AS page
    ORDER BY entry_ms, entry_seq, event_id`;
  // A line without a text is one that did not fit any more.
  const fitting = rows.findIndex((row) => row.line === null);
  const lines = (fitting < 0 ? rows : rows.slice(0, fitting)).map(storedLog);
  return { lines, more: fitting >= 0 || rows.length >= limit };
}

/** A log event of a row of `job_logs` that also has its timestamp as text, `at`. */
export function storedLog(row: Row): StoredLog {
  const event: LogEvent = {
    event_id: row.event_id,
    job_id: row.job_id,
    job_type: row.job_type,
    container_name: row.container_name,
    line: row.line,
    stream: row.stream,
    eos: row.eos,
    timestamp: wireTime(row.at),
  };
  if (row.container_id !== null) event.container_id = row.container_id;
  if (row.seq !== null) event.seq = row.seq;
  if (row.lossy !== null) event.lossy = row.lossy;
  if (row.truncated !== null) event.truncated = row.truncated;
  return {
    entryId: `${row.entry_ms}-${row.entry_seq}`,
    event: exactEvent({ event, original: row.original }),
  };
}

/** The wire's form of a time in UTC as Postgres writes it: `2026-01-15 12:01:02.5+00`. */
function wireTime(at: string): string {
  const fraction = at.slice(19, -3);
  return `${at.slice(0, 10)}T${at.slice(11, 19)}${fraction === "" ? "" : fraction.padEnd(7, "0")}+00:00`;
}
