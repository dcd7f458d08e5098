/**
 * How an entry lies in a container's log file: 4 bytes length of the text, 1 byte stream, 8 bytes time in
 * nanoseconds (numbers big-endian), then the text.
 *
 * @module
 */
import type { LogEntry } from "./line_splitter.ts";

/** Number of an output stream, as it also travels in the API's frames. */
export type StreamNumber = 1 | 2;

/** An entry as read back. `bytes` shares memory with what it was read from. */
export interface LogRecord extends LogEntry {
  readonly stream: StreamNumber;
}

const HEADER = 13;

/** The records of `entries` of one stream, one after the other. */
export function encodeRecords(stream: StreamNumber, entries: readonly LogEntry[]): Uint8Array {
  const out = new Uint8Array(entries.reduce((sum, { bytes }) => sum + recordBytes(bytes.length), 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { nanos, bytes } of entries) {
    view.setUint32(at, bytes.length);
    view.setUint8(at + 4, stream);
    view.setBigUint64(at + 5, nanos);
    out.set(bytes, at + HEADER);
    at += recordBytes(bytes.length);
  }
  return out;
}

/** The whole records at the beginning of `bytes`, and how many bytes they take. */
export function decodeRecords(bytes: Uint8Array): { records: LogRecord[]; used: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: LogRecord[] = [];
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const end = at + recordBytes(view.getUint32(at));
    if (end > bytes.length) break;
    const stream = view.getUint8(at + 4) === 2 ? 2 : 1;
    records.push({ stream, nanos: view.getBigUint64(at + 5), bytes: bytes.subarray(at + HEADER, end) });
    at = end;
  }
  return { records, used: at };
}

/** Bytes a record takes whose text has `length` bytes. */
export function recordBytes(length: number): number {
  return HEADER + length;
}
