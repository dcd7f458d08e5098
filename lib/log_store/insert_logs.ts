/**
 * Log events into the table `job_logs`.
 *
 * @module
 */
import { entryIdParts } from "../stream/entry_id.ts";
import type { Sql } from "../store/open.ts";
import type { StoredLog } from "./log_store.ts";
import { plainEvent } from "./plain_event.ts";

/** Most rows and most characters of one statement; a batch beyond is written in several. */
const MAX_ROWS = 5_000;
const MAX_CHARS = 16 * 1024 * 1024;

/** One array per column, as `unnest` takes them. */
class Columns {
  readonly entryMs: number[] = [];
  readonly entrySeq: number[] = [];
  readonly timestamp: string[] = [];
  readonly seq: (number | null)[] = [];
  readonly truncated: (number | null)[] = [];
  readonly eos: boolean[] = [];
  readonly lossy: (boolean | null)[] = [];
  readonly jobId: string[] = [];
  readonly eventId: string[] = [];
  readonly jobType: string[] = [];
  readonly stream: string[] = [];
  readonly containerName: string[] = [];
  readonly containerId: (string | null)[] = [];
  readonly line: string[] = [];
  readonly original: (string | null)[] = [];
  #chars = 0;

  get full(): boolean {
    return this.line.length >= MAX_ROWS || this.#chars >= MAX_CHARS;
  }

  add(stored: StoredLog): void {
    const { event, original } = plainEvent(stored.event);
    const [ms, seq] = entryIdParts(stored.entryId);
    this.entryMs.push(ms);
    this.entrySeq.push(seq);
    this.timestamp.push(event.timestamp);
    this.seq.push(event.seq ?? null);
    this.truncated.push(event.truncated ?? null);
    this.eos.push(event.eos);
    this.lossy.push(event.lossy ?? null);
    this.jobId.push(event.job_id);
    this.eventId.push(event.event_id);
    this.jobType.push(event.job_type);
    this.stream.push(event.stream);
    this.containerName.push(event.container_name);
    this.containerId.push(event.container_id ?? null);
    this.line.push(event.line);
    this.original.push(original);
    this.#chars += event.line.length + (original?.length ?? 0);
  }
}

/** Inserts what is not there yet; each statement commits by itself, and all have when this resolves. */
export async function insertLogs(sql: Sql, batch: readonly StoredLog[]): Promise<void> {
  let columns = new Columns();
  for (const stored of batch) {
    if (columns.full) {
      await insertColumns(sql, columns);
      columns = new Columns();
    }
    columns.add(stored);
  }
  if (columns.line.length > 0) await insertColumns(sql, columns);
}

async function insertColumns(sql: Sql, rows: Columns): Promise<void> {
  const flags = (list: (boolean | null)[]) => sql.typed(list as unknown as boolean, 1000);
  await sql`
    INSERT INTO job_logs (entry_ms, entry_seq, timestamp, seq, truncated, eos, lossy, job_id, event_id, job_type,
      stream, container_name, container_id, line, original)
    SELECT * FROM unnest(${rows.entryMs}::bigint[], ${rows.entrySeq}::bigint[], ${rows.timestamp}::timestamptz[],
      ${rows.seq}::bigint[], ${rows.truncated}::bigint[], ${flags(rows.eos)}, ${flags(rows.lossy)},
      ${rows.jobId}::text[], ${rows.eventId}::text[], ${rows.jobType}::text[], ${rows.stream}::text[],
      ${rows.containerName}::text[], ${rows.containerId}::text[], ${rows.line}::text[], ${rows.original}::text[])
    ON CONFLICT DO NOTHING`;
}
