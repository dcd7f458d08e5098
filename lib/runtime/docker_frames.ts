/**
 * The Engine's log bytes → fragments. Pure; chunk edges may fall anywhere.
 *
 * The Engine stores output in records: a line, or 16 KiB of a longer one. Asked with `timestamps=1` it sends
 * each as `{RFC 3339} {payload}`, with the newline if the record had one. Of a container without terminal each
 * record comes in a frame: stream number, three zeros, length (4 bytes, big-endian). Of one with a terminal
 * the records follow each other with nothing between.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { canonicalTime } from "./canonical_time.ts";
import type { Fragment } from "./runtime.ts";

/** Longest payload of a record that has no newline. */
export const MAX_RECORD_BYTES = 16_384;

/** More than any frame can have (a record, its time, and details we do not ask for). */
const MAX_FRAME_BYTES = 1 << 26;
const HEADER_BYTES = 8;
/** Length of the time that the Engine writes: fixed, with nine digits. Others write fewer, or an offset. */
const LONGEST_TIME = 35;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/** What came is not the format described above, or is the Engine's own account of a fault in its log. */
export class LogFormatError extends Error {
  override readonly name = "LogFormatError";
}

/** Bytes in, fragments out. */
export interface FragmentDecoder {
  /** Fragments that `chunk` completes. The bytes given must not change afterwards. @throws {LogFormatError} */
  decode(chunk: Uint8Array): Fragment[];
  /** The fragments still open at a regular end. @throws {LogFormatError} if it ends within a record. */
  end(): Fragment[];
}

/**
 * Decoder of a container's log. `tty`: whether it has a terminal; `mended`: whether its log driver keeps text
 * (the Engine's default one does, and so destroys characters that fall on the edge of two records).
 */
export function fragmentDecoder(options: { tty: boolean; mended: boolean }): FragmentDecoder {
  return options.tty ? new TerminalDecoder(options.mended) : new FrameDecoder(options.mended);
}

class FrameDecoder implements FragmentDecoder {
  #rest: Buffer = Buffer.alloc(0);
  readonly #mended: boolean;

  constructor(mended: boolean) {
    this.#mended = mended;
  }

  decode(chunk: Uint8Array): Fragment[] {
    let bytes = asBuffer(chunk);
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, bytes]);
    const latin1 = bytes.toString("latin1"); // once for all records: cutting a text costs much less than making one
    const fragments: Fragment[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(at + 4);
      if (length > MAX_FRAME_BYTES || (bytes[at] ?? 9) > 3) {
        throw new LogFormatError(
          `Cannot read log: no frame begins with ${bytes.toString("hex", at, at + 8)}`,
        );
      }
      const from = at + HEADER_BYTES;
      if (bytes.length < from + length) break;
      const stream = streamOf(bytes[at], bytes, from, from + length);
      at = from + length;
      if (length === 0) continue;
      fragments.push(fragmentOf({ bytes, latin1, from, to: at }, stream, this.#mended));
    }
    this.#rest = bytes.subarray(at);
    return fragments;
  }

  end(): Fragment[] {
    if (this.#rest.length === 0) return [];
    throw new LogFormatError(
      `Cannot read log: it ends within a frame, ${this.#rest.length} bytes after its begin`,
    );
  }
}

function streamOf(
  number: number | undefined,
  bytes: Buffer,
  from: number,
  to: number,
): "stdout" | "stderr" {
  if (number === 3) {
    throw new LogFormatError(`Cannot read log: the Engine says "${bytes.toString("utf8", from, to).trim()}"`);
  }
  return number === 2 ? "stderr" : "stdout";
}

/** Everything that a terminal shows is one stream; the Engine calls it stdout. */
class TerminalDecoder implements FragmentDecoder {
  #rest: Buffer = Buffer.alloc(0);
  readonly #mended: boolean;

  constructor(mended: boolean) {
    this.#mended = mended;
  }

  decode(chunk: Uint8Array): Fragment[] {
    this.#rest = Buffer.concat([this.#rest, asBuffer(chunk)]);
    return this.#take(false);
  }

  end(): Fragment[] {
    return this.#take(true);
  }

  #take(isEnd: boolean): Fragment[] {
    const fragments: Fragment[] = [];
    while (this.#rest.length > 0) {
      const space = this.#rest.subarray(0, LONGEST_TIME + 1).indexOf(SPACE);
      if (space < 0 && this.#rest.length <= LONGEST_TIME && !isEnd) break;
      const payload = this.#rest.subarray(space + 1);
      const newline = payload.subarray(0, MAX_RECORD_BYTES).indexOf(NEWLINE);
      if (newline < 0 && payload.length < MAX_RECORD_BYTES && !isEnd) break;
      const length = newline < 0 ? Math.min(payload.length, MAX_RECORD_BYTES) : newline + 1;
      const record = this.#rest.subarray(0, space + 1 + length);
      const whole = { bytes: record, latin1: record.toString("latin1"), from: 0, to: record.length };
      fragments.push(fragmentOf(whole, "stdout", this.#mended));
      this.#rest = this.#rest.subarray(space + 1 + length);
    }
    return fragments;
  }
}

/** Where a record is: the bytes and, at the same places, the characters between `from` and `to`. */
interface RecordAt {
  readonly bytes: Buffer;
  readonly latin1: string;
  readonly from: number;
  readonly to: number;
}

function fragmentOf(
  { bytes, latin1, from, to }: RecordAt,
  stream: "stdout" | "stderr",
  mended: boolean,
): Fragment {
  let space = from;
  while (space < to && bytes[space] !== SPACE && space - from <= LONGEST_TIME) space++;
  const newline = bytes[to - 1] === NEWLINE;
  const end = newline ? to - 1 : to;
  try {
    const time = canonicalTime(bytes[space] === SPACE ? latin1.slice(from, space) : "");
    const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + space + 1, Math.max(end - space - 1, 0));
    const fragment = { stream, time, bytes: payload, newline, mended };
    return isAscii(bytes, space + 1, end) ? { ...fragment, text: latin1.slice(space + 1, end) } : fragment;
  } catch (cause) {
    const begin = JSON.stringify(latin1.slice(from, Math.min(to, from + 80)));
    throw new LogFormatError(`Cannot read log: no time at the begin of the record ${begin}`, { cause });
  }
}

function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  let all = 0;
  for (let at = from; at < to; at++) all |= bytes[at] ?? 0;
  return all < 0x80;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
