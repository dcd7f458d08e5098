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
    const fragments: Fragment[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt32BE(at + 4);
      if (length > MAX_FRAME_BYTES || (bytes[at] ?? 9) > 3) {
        throw new LogFormatError(
          `Cannot read log: no frame begins with ${bytes.toString("hex", at, at + 8)}`,
        );
      }
      if (bytes.length - at < HEADER_BYTES + length) break;
      const frame = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
      fragments.push(fragmentOf(frame, streamOf(bytes[at], frame), this.#mended));
      at += HEADER_BYTES + length;
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

function streamOf(number: number | undefined, frame: Buffer): "stdout" | "stderr" {
  if (number === 3) throw new LogFormatError(`Cannot read log: the Engine says "${frame.toString().trim()}"`);
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
      fragments.push(fragmentOf(this.#rest.subarray(0, space + 1 + length), "stdout", this.#mended));
      this.#rest = this.#rest.subarray(space + 1 + length);
    }
    return fragments;
  }
}

function fragmentOf(record: Buffer, stream: "stdout" | "stderr", mended: boolean): Fragment {
  const space = record.subarray(0, LONGEST_TIME + 1).indexOf(SPACE);
  const newline = record[record.length - 1] === NEWLINE;
  try {
    const time = canonicalTime(record.toString("latin1", 0, Math.max(space, 0)));
    return {
      stream,
      time,
      bytes: record.subarray(space + 1, record.length - (newline ? 1 : 0)),
      newline,
      mended,
    };
  } catch (cause) {
    const begin = JSON.stringify(record.toString("latin1", 0, 80));
    throw new LogFormatError(`Cannot read log: no time at the begin of the record ${begin}`, { cause });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
