// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The rows that are in the page: made when they come into view, removed when they leave it, moved by `transform` only,
 * which shifts no layout.
 *
 * @module
 */

/** Row elements by line index. */
export class RowPool {
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();
  #area;
  #makeRow;

  /**
   * @param {HTMLElement} area
   * @param {(index: number) => HTMLElement} makeRow
   */
  constructor(area, makeRow) {
    this.#area = area;
    this.#makeRow = makeRow;
  }

  /**
   * Has exactly these rows in the page, in order.
   *
   * @param {readonly { index: number, y: number }[]} rows `y` in pixels
   */
  place(rows) {
    const stale = new Map(this.#rows);
    for (const { index } of rows) stale.delete(index);
    for (const [index, element] of stale) {
      element.remove();
      this.#rows.delete(index);
    }
    let cursor = this.#area.firstElementChild;
    for (const { index, y } of rows) {
      const element = this.#rows.get(index) ?? this.#makeRow(index);
      this.#rows.set(index, element);
      if (element === cursor) cursor = cursor.nextElementSibling;
      else this.#area.insertBefore(element, cursor);
      element.style.transform = `translateY(${y}px)`;
    }
  }

  /** @param {number} index */
  get(index) {
    return this.#rows.get(index);
  }

  /** @returns {{ index: number, height: number }[]} heights in pixels */
  heights() {
    return [...this.#rows].map(([index, element]) => ({ index, height: element.offsetHeight }));
  }

  clear() {
    for (const element of this.#rows.values()) element.remove();
    this.#rows.clear();
  }
}
