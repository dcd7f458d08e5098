/**
 * Fragments → lines (wire.md §3). Pure and incremental; holds at most the longest line allowed per stream.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Fragment } from "./runtime.ts";

/** What a process wrote between two newlines. */
export interface Line {
  readonly stream: Fragment["stream"];
  /** Canonical time of its first fragment. */
  readonly time: string;
  readonly text: string;
  /** It held bytes that are no UTF-8, for which `text` has U+FFFD. (A runtime that keeps text hides the difference.) */
  readonly lossy: boolean;
  /** Length in bytes of what was written, if `text` is only its beginning; else null. */
  readonly truncated: number | null;
}

interface OpenLine {
  readonly stream: Fragment["stream"];
  readonly time: string;
  readonly kept: Uint8Array[];
  keptBytes: number;
  bytes: number;
  readonly mended: boolean | undefined;
}

// A byte order mark is part of the line.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** Joins fragments of any number of interleaved streams. */
export class LineAssembler {
  readonly #maxBytes: number;
  readonly #open = new Map<Fragment["stream"], OpenLine>();

  constructor(options: { maxLineBytes: number }) {
    this.#maxBytes = options.maxLineBytes;
  }

  /** The line that `fragment` completes and the one before it that it shows to have been complete, if any. */
  add(fragment: Fragment): Line[] {
    const { stream, time, bytes } = fragment;
    if (fragment.newline && bytes.byteLength <= this.#maxBytes && !this.#open.has(stream)) {
      if (fragment.text !== undefined) { // most lines are like this
        return [{ stream, time, text: fragment.text, lossy: false, truncated: null }];
      }
      const { text, lossy } = decode(bytes, fragment.mended);
      return [{ stream, time, text, lossy, truncated: null }];
    }
    const lines: Line[] = [];
    if (fragment.begins) lines.push(...this.#close(fragment.stream));
    let line = this.#open.get(stream);
    if (!line) {
      line = { stream, time, kept: [], keptBytes: 0, bytes: 0, mended: fragment.mended };
      if (!fragment.newline) this.#open.set(stream, line);
    }
    // One byte more than allowed tells whether the cut falls between two characters.
    const room = this.#maxBytes + 1 - line.keptBytes;
    if (room > 0 && bytes.byteLength > 0) {
      line.kept.push(bytes.subarray(0, room));
      line.keptBytes += Math.min(room, bytes.byteLength);
    }
    line.bytes += bytes.byteLength;
    if (fragment.newline) {
      this.#open.delete(stream);
      lines.push(this.#lineOf(line));
    }
    return lines;
  }

  /** The lines that had no newline yet, oldest first: for the end of a container. */
  finish(): Line[] {
    const streams = [...this.#open.values()].sort((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
    return streams.flatMap(({ stream }) => this.#close(stream));
  }

  /** Times of the first fragments of lines still open. */
  openSince(): string[] {
    return [...this.#open.values()].map((line) => line.time);
  }

  #close(stream: Fragment["stream"]): Line[] {
    const line = this.#open.get(stream);
    this.#open.delete(stream);
    return line ? [this.#lineOf(line)] : [];
  }

  #lineOf(line: OpenLine): Line {
    const all = join(line.kept, line.keptBytes);
    const isCut = line.bytes > this.#maxBytes;
    const bytes = isCut ? all.subarray(0, cutPoint(all, this.#maxBytes)) : all;
    const { text, lossy } = decode(bytes, line.mended);
    return { stream: line.stream, time: line.time, text, lossy, truncated: isCut ? line.bytes : null };
  }
}

/** The last place not after `limit` that is not inside a character; `bytes` has at least one byte more. */
export function cutPoint(bytes: Uint8Array, limit: number): number {
  if (!isContinuation(bytes[limit])) return limit;
  for (let at = limit - 1; at >= 0 && at > limit - 4; at--) {
    if (isContinuation(bytes[at])) continue;
    // A lead byte is cut off only if its character really reaches over the limit.
    return at + characterLength(bytes[at] ?? 0) > limit ? at : limit;
  }
  return limit;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function characterLength(lead: number): number {
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xc2 && lead < 0xe0 ? 2 : 1;
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function decode(bytes: Uint8Array, mended = false): { text: string; lossy: boolean } {
  // Quick, and right as long as nothing had to be replaced.
  const quick = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  if (!quick.includes("\ufffd")) return { text: quick, lossy: false };
  try {
    return { text: strict.decode(bytes), lossy: mended };
  } catch {
    return { text: lenient.decode(bytes), lossy: true };
  }
}
