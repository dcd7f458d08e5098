// @ts-check
/**
 * The lines a page holds, compactly: chunks of joined text with typed arrays beside them, the oldest chunk dropped
 * when there are too many. A line's index never changes; dropped lines leave the low end of the range.
 *
 * @module
 */
import { IndexList } from "./index_list.js";
import { Chunk } from "./log_chunk.js";
import { parseTerminalLine } from "./ansi.js";
/** @import { Span } from "./ansi.js" */

/** The steps that have a log. */
export const LOG_STEPS = /** @type {const} */ (["copy", "plugin", "upload", "delete"]);
const STREAMS = ["", "stdout", "stderr"];
const KINDS = /** @type {const} */ (["line", "end", "gap", "run"]);

/**
 * @typedef {"line" | "end" | "gap" | "run"} Kind A line; the end of a container's log; a place where lines are missing;
 *   the beginning of a step's next container.
 */
/**
 * @typedef {object} Entry What is put in.
 * @property {Kind} kind
 * @property {string} step "" for a gap that concerns all
 * @property {string} text as the process wrote it; for other kinds the sentence to show
 * @property {number} time milliseconds since 1970
 * @property {number} seq line number within its container, 0 if it has none
 * @property {string} [stream]
 * @property {boolean} [lossy]
 * @property {number} [truncated] original length in bytes
 */
/**
 * @typedef {object} Line What comes out.
 * @property {number} index
 * @property {Kind} kind
 * @property {string} step
 * @property {string} text without control sequences, last state only
 * @property {readonly Span[]} spans
 * @property {number} rewrites
 * @property {number} time
 * @property {number} seq
 * @property {number} run which container of its step, from 1
 * @property {string} stream
 * @property {boolean} lossy
 * @property {number} truncated 0 if whole
 */

/** Holds lines in the order of their arrival, and per step. */
export class LogBuffer {
  /** @type {Chunk[]} */
  #chunks = [];
  #bytes = 0;
  #maxLines;
  #maxBytes;
  /** Index after the last line. */
  end = 0;
  /** Length of the longest text so far, in characters. */
  longest = 0;
  /** @type {Map<string, number>} */
  #counts = new Map();
  /** @type {Map<string, IndexList>} */
  #byStep = new Map(LOG_STEPS.map((step) => [step, new IndexList()]));
  #all = new IndexList();
  /** @type {Map<string, number[]>} where a step's further containers begin */
  #runs = new Map();

  /** @param {{ maxLines?: number, maxBytes?: number }} [options] how much is kept (one chunk is always kept) */
  constructor({ maxLines = 1_000_000, maxBytes = 128 * 2 ** 20 } = {}) {
    this.#maxLines = maxLines;
    this.#maxBytes = maxBytes;
  }

  /** Index of the oldest line that is still here. */
  get first() {
    return this.#chunks[0]?.start ?? 0;
  }

  /**
   * @param {string} step "" for all
   * @returns {IndexList} the lines to show for it; the same object each time
   */
  rows(step) {
    return this.#byStep.get(step) ?? this.#all;
  }

  /**
   * @param {string} step "" for all
   * @returns {number} lines that have come so far, dropped ones included; ends and gaps are no lines
   */
  count(step) {
    if (step !== "") return this.#counts.get(step) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** @param {Entry} entry */
  push(entry) {
    let chunk = this.#chunks.at(-1);
    if (!chunk || chunk.full) {
      chunk?.seal();
      chunk = new Chunk(this.end);
      this.#chunks.push(chunk);
    }
    const { text, spans, rewrites } = entry.kind === "line"
      ? parseTerminalLine(entry.text)
      : { text: entry.text, spans: [], rewrites: 0 };
    const at = chunk.size++;
    chunk.open.push(text);
    chunk.ends[at] = (at === 0 ? 0 : chunk.ends[at - 1] ?? 0) + text.length;
    chunk.times[at] = entry.time;
    chunk.seqs[at] = entry.seq;
    chunk.tags[at] = KINDS.indexOf(entry.kind) | (stepNumber(entry.step) << 2) |
      (streamNumber(entry.stream) << 5);
    const { truncated = 0, lossy = false } = entry;
    if (spans.length > 0 || rewrites > 0 || truncated > 0 || lossy) {
      chunk.rare.set(at, { spans, rewrites, truncated, lossy });
    }
    const bytes = 24 + text.length + 80 * spans.length;
    chunk.bytes += bytes;
    this.#bytes += bytes;
    if (entry.kind === "run") this.#runsOf(entry.step).push(this.end);
    this.#index(entry.step, this.end++);
    if (entry.kind === "line") this.#counts.set(entry.step, (this.#counts.get(entry.step) ?? 0) + 1);
    this.longest = Math.max(this.longest, text.length);
    this.#dropOldest();
  }

  /** @param {string} step */
  #runsOf(step) {
    const runs = this.#runs.get(step) ?? [];
    this.#runs.set(step, runs);
    return runs;
  }

  /**
   * @param {string} step
   * @param {number} index
   */
  #index(step, index) {
    this.#all.push(index);
    const list = this.#byStep.get(step);
    if (list) list.push(index);
    else for (const each of this.#byStep.values()) each.push(index);
  }

  #dropOldest() {
    while (
      this.#chunks.length > 1 && (this.end - this.first > this.#maxLines || this.#bytes > this.#maxBytes)
    ) {
      this.#bytes -= this.#chunks.shift()?.bytes ?? 0;
      this.#all.dropBelow(this.first);
      for (const list of this.#byStep.values()) list.dropBelow(this.first);
    }
  }

  /**
   * @param {number} index
   * @throws {RangeError} if the line was dropped or has not come yet
   */
  #place(index) {
    let low = 0;
    let high = this.#chunks.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.start ?? 0) <= index) low = middle;
      else high = middle;
    }
    const chunk = this.#chunks[low];
    const at = index - (chunk?.start ?? 0);
    if (!chunk || at < 0 || at >= chunk.size) {
      throw new RangeError(`Cannot read line ${index}: held are ${this.first} to ${this.end - 1}`);
    }
    return { chunk, at };
  }

  /**
   * @param {number} index
   * @returns {string} the line's text as shown
   */
  text(index) {
    const { chunk, at } = this.#place(index);
    return chunk.text(at);
  }

  /**
   * @param {number} index
   * @returns {number} length of the line's text in characters, without making the text
   */
  textLength(index) {
    const { chunk, at } = this.#place(index);
    return chunk.length(at);
  }

  /**
   * @param {number} index
   * @returns {Line}
   */
  line(index) {
    const { chunk, at } = this.#place(index);
    const tag = chunk.tags[at] ?? 0;
    const rare = chunk.rare.get(at);
    const step = LOG_STEPS[((tag >> 2) & 7) - 1] ?? "";
    return {
      index,
      kind: KINDS[tag & 3] ?? "line",
      step,
      run: 1 + this.#runsOf(step).filter((start) => start <= index).length,
      stream: STREAMS[tag >> 5] ?? "",
      text: chunk.text(at),
      time: chunk.times[at] ?? NaN,
      seq: chunk.seqs[at] ?? 0,
      spans: rare?.spans ?? [],
      rewrites: rare?.rewrites ?? 0,
      truncated: rare?.truncated ?? 0,
      lossy: rare?.lossy ?? false,
    };
  }

  /**
   * Finds a line by what a permalink says of it.
   *
   * @param {import("./line_link.js").LineLink} link
   * @returns {number | null} its index, the first if there are several; null if it is not here
   */
  find({ step, seq, run }) {
    const rows = this.rows(step);
    const starts = [0, ...this.#runsOf(step), this.end];
    const from = starts[run - 1];
    const to = starts[run];
    if (from === undefined || to === undefined) return null;
    const first = rows.rowOf(from);
    const count = rows.rowOf(to) - first;
    for (let seen = 0, row = Math.min(count, seq) - 1; seen < count; seen++) {
      const index = rows.at(first + (row + seen) % count);
      const { chunk, at } = this.#place(index);
      if (chunk.seqs[at] === seq && (chunk.tags[at] ?? 0) % 4 === 0) return index;
    }
    return null;
  }
}

/** @param {string} step */
function stepNumber(step) {
  return LOG_STEPS.findIndex((known) => known === step) + 1;
}

/** @param {string | undefined} stream */
function streamNumber(stream) {
  return Math.max(0, STREAMS.indexOf(stream ?? ""));
}
