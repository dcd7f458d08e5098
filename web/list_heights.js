// @ts-check
/**
 * The rows of one tab with their heights, kept in step with the buffer. Pure but for what the buffer holds.
 *
 * @module
 */
import { SHOWN_CHARACTERS } from "./line_pieces.js";
import { RowHeights, UniformHeights, wrappedHeight } from "./row_heights.js";
/** @import { IndexList } from "./index_list.js" */
/** @import { LogBuffer } from "./log_buffer.js" */

/** Columns that a note behind a long line takes, roughly. */
const NOTE_COLUMNS = 24;

/** Rows and heights; heights are in text lines. */
export class ListHeights {
  /** @type {IndexList} */
  list;
  /** @type {RowHeights | UniformHeights} */
  heights = new UniformHeights();
  #buffer;
  #columns;
  #seenDropped;

  /**
   * @param {LogBuffer} buffer
   * @param {string} step "" for all
   * @param {number | null} columns width at which lines wrap, null if they do not
   */
  constructor(buffer, step, columns) {
    this.#buffer = buffer;
    this.#columns = columns;
    this.list = buffer.rows(step);
    this.#seenDropped = this.list.dropped;
    if (columns !== null) this.heights = new RowHeights();
    this.sync();
  }

  /**
   * Takes over what the buffer got and dropped since.
   *
   * @returns {number} height of the rows that are gone from the beginning
   */
  sync() {
    const gone = Math.min(this.list.dropped - this.#seenDropped, this.heights.length);
    const height = this.heights.offsetOf(gone);
    this.heights.drop(gone);
    this.#seenDropped = this.list.dropped;
    for (let row = this.heights.length; row < this.list.length; row++) this.heights.push(this.#estimate(row));
    return height;
  }

  /** @param {number} row */
  #estimate(row) {
    if (this.#columns === null) return 1;
    const length = this.#buffer.textLength(this.list.at(row));
    return wrappedHeight(Math.min(length, SHOWN_CHARACTERS + NOTE_COLUMNS), this.#columns);
  }

  /** @param {number} index line index @returns {number} where its row begins */
  offsetOfLine(index) {
    return this.heights.offsetOf(this.list.rowOf(index));
  }

  /** @param {number} offset @returns {number} index of the line that covers it; 0 if there is none */
  lineAt(offset) {
    if (this.list.length === 0) return 0;
    return this.list.at(Math.min(this.heights.rowAt(offset), this.list.length - 1));
  }

  /**
   * @param {number} index line index
   * @param {number} height as it turned out
   * @returns {boolean} whether that is news
   */
  correct(index, height) {
    const row = this.list.rowOf(index);
    if (this.heights.get(row) === height) return false;
    this.heights.set(row, height);
    return true;
  }
}
