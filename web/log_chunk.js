// @ts-check
/**
 * A run of neighbouring lines in little memory: one text and a few typed arrays instead of an object per line.
 *
 * @module
 */
/** @import { Span } from "./ansi.js" */

/** A chunk is full at so many lines, or so many bytes. */
const CHUNK_LINES = 4096;
const CHUNK_BYTES = 2 ** 21;

/** @typedef {{ spans: Span[], rewrites: number, truncated: number, lossy: boolean }} Rare */

/** Neighbouring lines; their text is joined once the chunk is full. */
export class Chunk {
  times = new Float64Array(CHUNK_LINES);
  seqs = new Uint32Array(CHUNK_LINES);
  /** Where each line's text ends in the joined text. */
  ends = new Uint32Array(CHUNK_LINES);
  /** kind, step and stream in two, three and two bits. */
  tags = new Uint8Array(CHUNK_LINES);
  /** @type {Map<number, Rare>} */
  rare = new Map();
  /** @type {string[]} */
  open = [];
  joined = "";
  size = 0;
  bytes = 0;

  /** @param {number} start index of its first line */
  constructor(start) {
    this.start = start;
  }

  get full() {
    return this.size === CHUNK_LINES || this.bytes >= CHUNK_BYTES;
  }

  /** @param {number} at */
  text(at) {
    if (this.open.length > 0) return this.open[at] ?? "";
    return this.joined.slice(at === 0 ? 0 : this.ends[at - 1], this.ends[at]);
  }

  /** @param {number} at */
  length(at) {
    return (this.ends[at] ?? 0) - (at === 0 ? 0 : this.ends[at - 1] ?? 0);
  }

  seal() {
    this.joined = this.open.join("");
    this.open = [];
  }
}
