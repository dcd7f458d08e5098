// @ts-check
/**
 * A growing list of rising numbers that loses its low end: which lines a tab shows, in order.
 *
 * @module
 */

/** Rising numbers, appended at the end and dropped at the beginning. */
export class IndexList {
  #items = new Uint32Array(256);
  #head = 0;
  #tail = 0;
  /** How many were dropped so far: what is at row 0 now was at this row once. */
  dropped = 0;

  get length() {
    return this.#tail - this.#head;
  }

  /** @param {number} index greater than all before */
  push(index) {
    if (this.#tail === this.#items.length) this.#makeRoom();
    this.#items[this.#tail++] = index;
  }

  #makeRoom() {
    const held = this.#items.subarray(this.#head, this.#tail);
    const roomy = held.length < this.#items.length / 2;
    const items = roomy ? this.#items : new Uint32Array(this.#items.length * 2);
    items.set(held);
    this.#items = items;
    this.#tail = held.length;
    this.#head = 0;
  }

  /** @param {number} limit everything below it goes */
  dropBelow(limit) {
    const row = this.rowOf(limit);
    this.#head += row;
    this.dropped += row;
  }

  /**
   * @param {number} row from 0
   * @throws {RangeError}
   */
  at(row) {
    const index = row < 0 ? undefined : this.#items[this.#head + row];
    if (index === undefined || row >= this.length) {
      throw new RangeError(`Cannot read row ${row}: there are ${this.length}`);
    }
    return index;
  }

  /**
   * @param {number} index
   * @returns {number} the first row whose number is not below `index`; the length if there is none
   */
  rowOf(index) {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[this.#head + middle] ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
