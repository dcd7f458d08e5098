// @ts-check
/**
 * Search over the lines of a tab, in slices short enough to leave the page free, going on as lines arrive.
 *
 * @module
 */
import { IndexList } from "./index_list.js";
/** @import { LogBuffer } from "./log_buffer.js" */

/**
 * The pattern that finds `query` literally; null for an empty query.
 *
 * @param {string} query
 * @param {boolean} matchCase
 */
export function literalPattern(query, matchCase) {
  if (query === "") return null;
  return new RegExp(query.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), matchCase ? "gu" : "giu");
}

/**
 * Where `pattern` matches in `text`, at most `limit` places.
 *
 * @param {RegExp} pattern global
 * @param {string} text
 * @param {number} [limit]
 * @returns {{ from: number, to: number }[]}
 */
export function matchesIn(pattern, text, limit = 1000) {
  /** @type {{ from: number, to: number }[]} */
  const found = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match && found.length < limit; match = pattern.exec(text)) {
    found.push({ from: match.index, to: match.index + match[0].length });
  }
  return found;
}

/** One query over one tab. */
export class LogSearch {
  /** Lines that match, by index. */
  hits = new IndexList();
  /** @type {number | null} line index of the hit the reader is at */
  current = null;
  #buffer;
  #step;
  #next;

  /**
   * @param {LogBuffer} buffer
   * @param {string} step "" for all
   * @param {RegExp} pattern global
   */
  constructor(buffer, step, pattern) {
    this.#buffer = buffer;
    this.#step = step;
    this.pattern = pattern;
    this.#next = buffer.first;
  }

  /** Whether every line that is there has been looked at. */
  get done() {
    return this.#next >= this.#buffer.end;
  }

  /**
   * Looks at further lines until all are done or `enough` says so (asked every 256 lines).
   *
   * @param {() => boolean} enough
   */
  advance(enough) {
    this.hits.dropBelow(this.#buffer.first);
    const rows = this.#buffer.rows(this.#step);
    for (let row = rows.rowOf(this.#next), count = 1; row < rows.length; row++, count++) {
      const index = rows.at(row);
      this.pattern.lastIndex = 0;
      if (this.pattern.test(this.#buffer.text(index))) this.hits.push(index);
      this.#next = index + 1;
      if (count % 256 === 0 && enough()) return;
    }
    this.#next = this.#buffer.end;
  }

  /**
   * Goes to the next hit (or the one before), round at the ends.
   *
   * @param {1 | -1} direction
   * @param {number} from line index to begin at if no hit is current
   * @returns {number | null} the hit's line index
   */
  move(direction, from) {
    const { hits } = this;
    if (hits.length === 0) return null;
    const known = this.current !== null && this.current >= this.#buffer.first;
    const start = known ? /** @type {number} */ (this.current) : from;
    let row = hits.rowOf(start);
    if (direction < 0) row -= 1;
    else if (known && row < hits.length && hits.at(row) === start) row += 1;
    this.current = hits.at((row + hits.length) % hits.length);
    return this.current;
  }

  /** Place of the current hit among all, from 1; 0 if there is none. */
  get place() {
    if (this.current === null || this.hits.length === 0) return 0;
    const row = this.hits.rowOf(this.current);
    return row < this.hits.length && this.hits.at(row) === this.current ? row + 1 : 0;
  }
}
