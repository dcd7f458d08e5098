import type { LogFile } from "./log_file.ts";
import type { LogQuery } from "./log_query.ts";
import { decodeRecords, type LogRecord } from "./log_record.ts";
import { logTimes, type NanoClock } from "./nano_time.ts";

const READ_BYTES = 256 * 1024;
const FRAME_HEADER = 8;
/** A time of 30 characters and a space. */
const STAMP_BYTES = 31;
const encoder = new TextEncoder();

/** What a reader needs besides the log and the query. */
export interface ReadLogOptions {
  readonly clock: NanoClock;
  /** Whether each entry gets the API's 8-byte header (all containers but those with a terminal). */
  readonly framed: boolean;
}

/**
 * The answer to a logs request. It reads as fast as the client takes, holds one block at a time, and waits for
 * the log's own notice when it has caught up. A follower ends when the run that was on at the beginning has.
 */
export function readLog(
  log: LogFile,
  query: LogQuery,
  options: ReadLogOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const gone = new AbortController();
  const blocks = readBlocks(log, query, { ...options, gone: gone.signal });
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await blocks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      gone.abort();
      await blocks.return();
    },
  }, { highWaterMark: 0 });
}

async function* readBlocks(
  log: LogFile,
  query: LogQuery,
  options: ReadLogOptions & { gone: AbortSignal },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const run = query.follow ? log.run : undefined;
  const sizeAtStart = log.size;
  const limit = () => query.follow && run ? run.endSize ?? log.size : sizeAtStart;
  const { offset, skip } = query.tail === undefined
    ? log.placeBefore(query.since ?? 0n)
    : log.lastPlace(query.tail);
  using file = Deno.openSync(log.path, { read: true });
  let at = offset;
  let unwanted = skip;
  while (!options.gone.aborted) {
    const changed = log.changed;
    if (at >= limit()) {
      if (!run || run.endSize !== undefined || isOver(query, options.clock())) return;
      await nextChange(changed, query, options);
      continue;
    }
    const block = await readAt(file, at, Math.min(READ_BYTES, limit() - at));
    const { records, used } = decodeRecords(block);
    at += used;
    const end = records.findIndex(({ nanos }) => query.until !== undefined && nanos > query.until);
    const frames = encodeFrames(
      chosen(records.slice(unwanted, end < 0 ? undefined : end), query),
      query,
      options,
    );
    unwanted = Math.max(0, unwanted - records.length);
    if (frames.length > 0) yield frames;
    if (end >= 0) return;
  }
}

/** Reads `length` bytes, of which at least one whole record is known to be there. */
async function readAt(file: Deno.FsFile, offset: number, length: number): Promise<Uint8Array> {
  const block = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const read = await file.read(block.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return block.subarray(0, filled);
}

function chosen(records: readonly LogRecord[], query: LogQuery): LogRecord[] {
  return records.filter(({ stream, nanos }) =>
    (stream === 1 ? query.stdout : query.stderr) && (query.since === undefined || nanos >= query.since)
  );
}

function encodeFrames(
  records: readonly LogRecord[],
  query: LogQuery,
  options: ReadLogOptions,
): Uint8Array<ArrayBuffer> {
  const header = options.framed ? FRAME_HEADER : 0;
  const stamp = query.timestamps ? STAMP_BYTES : 0;
  const out = new Uint8Array(records.reduce((sum, { bytes }) => sum + header + stamp + bytes.length, 0));
  const view = new DataView(out.buffer);
  const stampOf = logTimes();
  let at = 0;
  for (const { stream, nanos, bytes } of records) {
    if (options.framed) {
      view.setUint8(at, stream);
      view.setUint32(at + 4, stamp + bytes.length);
    }
    if (query.timestamps) encoder.encodeInto(`${stampOf(nanos)} `, out.subarray(at + header));
    out.set(bytes, at + header + stamp);
    at += header + stamp + bytes.length;
  }
  return out;
}

function isOver(query: LogQuery, now: bigint): boolean {
  return query.until !== undefined && now > query.until;
}

/** Waits for `changed`, for the client to leave, or for the query's `until`, whichever is first. */
async function nextChange(
  changed: Promise<void>,
  query: LogQuery,
  options: ReadLogOptions & { gone: AbortSignal },
) {
  const waited = Promise.withResolvers<void>();
  const left = () => waited.resolve();
  options.gone.addEventListener("abort", left, { once: true });
  const timer = query.until === undefined
    ? undefined
    : setTimeout(left, millisUntil(query.until, options.clock()));
  await Promise.race([changed, waited.promise]);
  clearTimeout(timer);
  options.gone.removeEventListener("abort", left);
}

function millisUntil(nanos: bigint, now: bigint): number {
  return Math.min(Math.max(0, Number((nanos - now) / 1_000_000n) + 1), 2 ** 31 - 1);
}
