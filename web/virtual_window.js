// @ts-check
/**
 * Arithmetic of a list of which only the visible part exists. Browsers limit how tall an element may be, so a longer
 * list is shown in a shorter scroll area and scrolled proportionally.
 *
 * @module
 */

/** Below the limit of every engine (Firefox: 17.8 million pixels). */
const MAX_SCROLL_HEIGHT = 15_000_000;

/**
 * @typedef {object} Geometry
 * @property {number} content height of the whole list, in pixels
 * @property {number} viewport height of the visible part
 * @property {number} [limit] tallest scroll area allowed
 */

/**
 * Height the scroll area gets.
 *
 * @param {Geometry} geometry
 */
export function scrollHeight({ content, limit = MAX_SCROLL_HEIGHT }) {
  return Math.min(content, limit);
}

/**
 * The list offset (pixels) that is at the viewport's top at `scrollTop`.
 *
 * @param {number} scrollTop
 * @param {Geometry} geometry
 */
export function offsetAt(scrollTop, geometry) {
  return clamp(scrollTop * scale(geometry), 0, lastOffset(geometry));
}

/**
 * The `scrollTop` that brings list offset `offset` to the viewport's top.
 *
 * @param {number} offset
 * @param {Geometry} geometry
 */
export function scrollTopFor(offset, geometry) {
  return clamp(offset, 0, lastOffset(geometry)) / scale(geometry);
}

/** @param {Geometry} geometry */
function lastOffset({ content, viewport }) {
  return Math.max(0, content - viewport);
}

/**
 * List pixels per scrolled pixel.
 *
 * @param {Geometry} geometry
 */
function scale(geometry) {
  const room = scrollHeight(geometry) - geometry.viewport;
  return room <= 0 ? 1 : Math.max(1, lastOffset(geometry) / room);
}

/**
 * Rows to have in the page: the visible ones and `overscan` pixels on both sides, end exclusive.
 *
 * @param {object} list
 * @param {number} list.offset list offset of the viewport's top, in pixels
 * @param {number} list.viewport
 * @param {number} list.lineHeight
 * @param {number} list.overscan
 * @param {{ length: number, rowAt(offset: number): number }} list.heights in text lines
 * @returns {{ from: number, to: number }}
 */
export function visibleRows({ offset, viewport, lineHeight, overscan, heights }) {
  if (heights.length === 0) return { from: 0, to: 0 };
  const from = heights.rowAt((offset - overscan) / lineHeight);
  const to = heights.rowAt((offset + viewport + overscan) / lineHeight) + 1;
  return { from, to: Math.min(to, heights.length) };
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
