// @ts-check
/**
 * How tall the rows of a list are, in text lines, when rows may wrap: where each begins, and which one is where.
 *
 * @module
 */

const BLOCK = 1024;

/** Heights of rows, appended at the end and dropped at the beginning; sums are kept per block of rows. */
export class RowHeights {
  #heights = new Uint16Array(BLOCK);
  /** @type {number[]} */
  #sums = [];
  #head = 0;
  #tail = 0;
  /** Sum of all heights. */
  total = 0;

  get length() {
    return this.#tail - this.#head;
  }

  /** @param {number} height at least 1 */
  push(height) {
    if (this.#tail === this.#heights.length) this.#makeRoom();
    const block = Math.floor(this.#tail / BLOCK);
    this.#heights[this.#tail++] = height;
    this.#sums[block] = (this.#sums[block] ?? 0) + height;
    this.total += height;
  }

  /** Moves everything down by the dropped blocks if that frees half, else doubles. */
  #makeRoom() {
    const spare = Math.floor(this.#head / BLOCK);
    if (spare * BLOCK >= this.#heights.length / 2) {
      this.#heights.copyWithin(0, spare * BLOCK, this.#tail);
      this.#sums.splice(0, spare);
      this.#head -= spare * BLOCK;
      this.#tail -= spare * BLOCK;
      return;
    }
    const larger = new Uint16Array(this.#heights.length * 2);
    larger.set(this.#heights);
    this.#heights = larger;
  }

  /** @param {number} row */
  get(row) {
    return this.#heights[this.#head + row] ?? 0;
  }

  /**
   * @param {number} row
   * @param {number} height
   */
  set(row, height) {
    const at = this.#head + row;
    const change = height - (this.#heights[at] ?? 0);
    if (change === 0) return;
    this.#heights[at] = height;
    const block = Math.floor(at / BLOCK);
    this.#sums[block] = (this.#sums[block] ?? 0) + change;
    this.total += change;
  }

  /** @param {number} count how many rows go at the beginning */
  drop(count) {
    for (let row = 0; row < count; row++) this.set(row, 0);
    this.#head += count;
  }

  /**
   * @param {number} row
   * @returns {number} the sum of the heights before it
   */
  offsetOf(row) {
    const at = this.#head + row;
    const block = Math.floor(at / BLOCK);
    let offset = 0;
    for (let i = 0; i < block; i++) offset += this.#sums[i] ?? 0;
    for (let i = block * BLOCK; i < at; i++) offset += this.#heights[i] ?? 0;
    return offset;
  }

  /**
   * @param {number} offset in text lines
   * @returns {number} the row that covers it; the last one if it lies beyond all
   */
  rowAt(offset) {
    let rest = Math.max(0, offset);
    let block = 0;
    while (block < this.#sums.length - 1 && rest >= (this.#sums[block] ?? 0)) {
      rest -= this.#sums[block++] ?? 0;
    }
    let at = block * BLOCK;
    while (at < this.#tail - 1 && rest >= (this.#heights[at] ?? 0)) rest -= this.#heights[at++] ?? 0;
    return Math.max(0, at - this.#head);
  }
}

/** The same questions where every row is one text line tall. */
export class UniformHeights {
  length = 0;

  get total() {
    return this.length;
  }

  push() {
    this.length += 1;
  }

  get() {
    return 1;
  }

  set() {}

  /** @param {number} count */
  drop(count) {
    this.length -= count;
  }

  /** @param {number} row */
  offsetOf(row) {
    return row;
  }

  /** @param {number} offset */
  rowAt(offset) {
    return Math.max(0, Math.min(this.length - 1, Math.floor(offset)));
  }
}

/**
 * How many text lines a row of `length` characters takes, if all of them are one column wide.
 *
 * @param {number} length
 * @param {number} columns
 */
export function wrappedHeight(length, columns) {
  return Math.max(1, Math.ceil(length / Math.max(1, columns)));
}
