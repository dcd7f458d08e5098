/**
 * Log events into the table `job_logs`.
 *
 * @module
 */
import type { LogEvent } from "../event/log.ts";
import type { Sql } from "../store/open.ts";
import { entryIdParts } from "../stream/entry_id.ts";
import type { StoredLog } from "./log_store.ts";
import { plainEvent } from "./plain_event.ts";

/** Most rows and most characters of one statement; a batch beyond is written in several. */
const MAX_ROWS = 5_000;
const MAX_CHARS = 16 * 1024 * 1024;
/** SQLSTATE: a row with this key is there already. */
const UNIQUE_VIOLATION = "23505";

/** Inserts what is not there yet; each statement commits by itself, and all have when this resolves. */
export async function insertLogs(sql: Sql, batch: readonly StoredLog[]): Promise<void> {
  let rows = new Rows();
  for (const stored of batch) {
    if (rows.full) {
      await insertRows(sql, rows);
      rows = new Rows();
    }
    rows.add(stored);
  }
  if (rows.line.length > 0) await insertRows(sql, rows);
}

/**
 * Tries it as if nothing were there, which is nearly always so and spares Postgres a third of its work; if something
 * is, once more with care.
 */
async function insertRows(sql: Sql, rows: Rows): Promise<void> {
  try {
    await insert(sql, rows, sql``);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === UNIQUE_VIOLATION)) throw error;
    await insert(sql, rows, sql`ON CONFLICT DO NOTHING`);
  }
}

/** `unnest` beside each other, not as one table: that way Postgres need not keep the rows aside first. */
function insert(
  sql: Sql,
  { line, source, ...rows }: Rows,
  onConflict: ReturnType<Sql>,
): PromiseLike<unknown> {
  const flags = (list: (boolean | null)[]) => sql.typed(list as unknown as boolean, 1000); // boolean[]
  return sql`
    INSERT INTO job_logs (entry_ms, entry_seq, timestamp, seq, truncated, eos, lossy, event_id, line, original,
      job_id, job_type, stream, container_name, container_id)
    SELECT entry_ms, entry_seq, timestamp, seq, truncated, eos, lossy, event_id, line, original,
      (${source.jobId}::text[])[source], (${source.jobType}::text[])[source], (${source.stream}::text[])[source],
      (${source.containerName}::text[])[source], (${source.containerId}::text[])[source]
    FROM (SELECT unnest(${rows.entryMs}::bigint[]) AS entry_ms, unnest(${rows.entrySeq}::bigint[]) AS entry_seq,
      unnest(${rows.timestamp}::timestamptz[]) AS timestamp, unnest(${rows.seq}::bigint[]) AS seq,
      unnest(${rows.truncated}::bigint[]) AS truncated, unnest(${flags(rows.eos)}) AS eos,
      unnest(${flags(rows.lossy)}) AS lossy, unnest(${rows.eventId}::text[]) AS event_id,
      unnest(${line}::text[]) AS line, unnest(${rows.original}::text[]) AS original,
      unnest(${rows.sourceOf}::integer[]) AS source) AS given
    ${onConflict}`;
}

/** One array per column, as `unnest` takes them. */
class Rows {
  readonly entryMs: number[] = [];
  readonly entrySeq: number[] = [];
  readonly timestamp: string[] = [];
  readonly seq: (number | null)[] = [];
  readonly truncated: (number | null)[] = [];
  readonly eos: boolean[] = [];
  readonly lossy: (boolean | null)[] = [];
  readonly eventId: string[] = [];
  readonly line: string[] = [];
  readonly original: (string | null)[] = [];
  /** Which of `source` a row comes from, counted from 1. */
  readonly sourceOf: number[] = [];
  readonly source = new Sources();
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
    this.eventId.push(event.event_id);
    this.line.push(event.line);
    this.original.push(original);
    this.sourceOf.push(this.source.numberOf(event));
    this.#chars += event.line.length + (original?.length ?? 0);
  }
}

/** What the lines of one container have in common, sent once per statement. */
class Sources {
  readonly jobId: string[] = [];
  readonly jobType: string[] = [];
  readonly stream: string[] = [];
  readonly containerName: string[] = [];
  readonly containerId: (string | null)[] = [];
  readonly #numbers = new Map<string, number>();
  #last: LogEvent | null = null;

  numberOf(event: LogEvent): number {
    if (this.#last && sameSource(this.#last, event)) return this.jobId.length;
    const key = JSON.stringify([
      event.job_id,
      event.job_type,
      event.stream,
      event.container_name,
      event.container_id,
    ]);
    const known = this.#numbers.get(key);
    if (known) return known;
    this.#last = event;
    this.jobId.push(event.job_id);
    this.jobType.push(event.job_type);
    this.stream.push(event.stream);
    this.containerName.push(event.container_name);
    this.containerId.push(event.container_id ?? null);
    this.#numbers.set(key, this.jobId.length);
    return this.jobId.length;
  }
}

function sameSource(a: LogEvent, b: LogEvent): boolean {
  return a.job_id === b.job_id && a.job_type === b.job_type && a.stream === b.stream &&
    a.container_name === b.container_name && a.container_id === b.container_id;
}
