// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The scrolled list of log lines: only the visible rows exist as elements, placed by `transform`. Rows are one text
 * line tall, or, when wrapping, as tall as estimated until they were seen.
 *
 * @module
 */
import { make } from "./dom.js";
import { ListHeights } from "./list_heights.js";
import { SHOWN_CHARACTERS } from "./line_pieces.js";
import { RowPool } from "./row_pool.js";
import { TextProbe } from "./text_probe.js";
import { offsetAt, scrollHeight, scrollTopFor, visibleRows } from "./virtual_window.js";
/** @import { LogBuffer } from "./log_buffer.js" */

const OVERSCAN_PX = 400;
/** Room below the last line. */
const END_PX = 8;
/** Own scrolling and the browser's rounding of it differ by less than this. */
const ROUNDING_PX = 2;

/** Shows the lines of one tab. */
export class LogScroller {
  /** Whether the last line is kept in view. */
  following = true;
  #buffer;
  #element;
  #changed;
  #step = "";
  #wrap = false;
  #area = make("div", { class: "area" });
  #probe = new TextProbe();
  /** @type {RowPool} */
  #pool;
  /** @type {ListHeights} */
  #rows;
  #lineHeight = 20;
  #columns = 80;
  #viewport = 0;
  /** List offset at the viewport's top, in pixels. */
  #offset = 0;
  /** Where this last scrolled to. */
  #top = 0;
  /** @type {{ index: number, px: number } | null} a line to be brought to this place of the viewport */
  #goal = null;

  /**
   * @param {HTMLElement} element the scroll container
   * @param {object} options
   * @param {LogBuffer} options.buffer
   * @param {(index: number) => HTMLElement} options.makeRow
   * @param {() => void} options.changed told when a frame is needed
   */
  constructor(element, { buffer, makeRow, changed }) {
    this.#element = element;
    this.#buffer = buffer;
    this.#pool = new RowPool(this.#area, makeRow);
    this.#changed = changed;
    this.#rows = new ListHeights(buffer, "", null);
    element.replaceChildren(this.#area, this.#probe.element);
  }

  /** @param {AbortSignal} signal ends the listening */
  listen(signal) {
    this.#element.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal });
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(this.#element);
    signal.addEventListener("abort", () => observer.disconnect());
    this.#resized();
  }

  /** @param {string} step "" for all; the view goes to the end if it follows, else to the beginning */
  show(step) {
    this.#step = step;
    this.#offset = 0;
    this.#rebuild();
  }

  /** @param {boolean} wrap */
  setWrap(wrap) {
    this.#keepPlace(() => {
      this.#wrap = wrap;
      this.#element.classList.toggle("wrap", wrap);
      this.#measure();
      this.#rebuild();
    });
  }

  /** Makes all rows anew: what they show has changed. */
  refresh() {
    this.#keepPlace(() => {
      const columns = this.#columns;
      this.#measure();
      if (this.#wrap && columns !== this.#columns) this.#rebuild();
      else this.#clearRows();
    });
  }

  /** @param {boolean} follow */
  follow(follow) {
    this.following = follow;
    this.#changed();
  }

  toTop() {
    this.following = false;
    this.#goal = null;
    this.#offset = 0;
    this.#changed();
  }

  /** Brings a line to the middle of the view. @param {number} index */
  toLine(index) {
    this.following = false;
    this.#goal = { index, px: Math.max(0, (this.#viewport - this.#lineHeight) / 2) };
    this.#changed();
  }

  /** Whether the line is in view as a whole. @param {number} index */
  isInView(index) {
    const top = this.#rows.offsetOfLine(index) * this.#lineHeight;
    return top >= this.#offset && top + this.#lineHeight <= this.#offset + this.#viewport;
  }

  /** Index of the line at the viewport's top. */
  get topLine() {
    return this.#rows.lineAt(this.#offset / this.#lineHeight);
  }

  /** @param {number} index @returns {HTMLElement | undefined} the line's row, if it is in the page */
  rowOf(index) {
    return this.#pool.get(index);
  }

  /** Brings the page up to date; to be called once per animation frame in which something changed. */
  frame() {
    this.#offset -= this.#rows.sync() * this.#lineHeight;
    for (let pass = 0; pass < 3; pass++) {
      this.#place();
      if (!this.#measureRows()) break;
    }
    this.#goal = null;
  }

  get #geometry() {
    return { content: this.#rows.heights.total * this.#lineHeight + END_PX, viewport: this.#viewport };
  }

  /** Scrolls to where the view belongs and puts the rows there. */
  #place() {
    const geometry = this.#geometry;
    if (this.#goal) {
      this.#offset = this.#rows.offsetOfLine(this.#goal.index) * this.#lineHeight - this.#goal.px;
    }
    const last = Math.max(0, geometry.content - geometry.viewport);
    this.#offset = this.following ? last : Math.min(last, Math.max(0, this.#offset));
    const height = `${Math.max(scrollHeight(geometry), this.#viewport)}px`;
    if (this.#area.style.height !== height) this.#area.style.height = height;
    const width = this.#wrap
      ? "100%"
      : `max(100%, calc(${Math.min(this.#buffer.longest, SHOWN_CHARACTERS)}ch + var(--gutter)))`;
    if (this.#area.style.minWidth !== width) this.#area.style.minWidth = width;
    const top = Math.round(scrollTopFor(this.#offset, geometry));
    if (Math.abs(top - this.#top) > ROUNDING_PX || this.following && top !== this.#top) {
      this.#element.scrollTop = top;
      this.#top = top;
    }
    this.#placeRows();
  }

  #placeRows() {
    const heights = this.#rows.heights;
    const { from, to } = visibleRows({
      offset: this.#offset,
      viewport: this.#viewport,
      lineHeight: this.#lineHeight,
      overscan: OVERSCAN_PX,
      heights,
    });
    const rows = [];
    let y = this.#top + heights.offsetOf(from) * this.#lineHeight - this.#offset;
    for (let row = from; row < to; row++) {
      rows.push({ index: this.#rows.list.at(row), y });
      y += heights.get(row) * this.#lineHeight;
    }
    this.#pool.place(rows);
  }

  /** Corrects the heights of wrapped rows. @returns {boolean} whether any was different */
  #measureRows() {
    if (!this.#wrap || this.#rows.list.length === 0) return false;
    const measured = this.#pool.heights();
    let changed = false;
    this.#keepPlace(() => {
      for (const { index, height } of measured) {
        const lines = Math.max(1, Math.round(height / this.#lineHeight));
        changed = this.#rows.correct(index, lines) || changed;
      }
    });
    return changed;
  }

  /** Keeps the line at the viewport's top there, whatever `change` does to heights. @param {() => void} change */
  #keepPlace(change) {
    if (this.following || this.#rows.list.length === 0) return change();
    const index = this.topLine;
    const into = this.#offset - this.#rows.offsetOfLine(index) * this.#lineHeight;
    change();
    this.#offset = this.#rows.offsetOfLine(index) * this.#lineHeight + into;
  }

  #rebuild() {
    this.#rows = new ListHeights(this.#buffer, this.#step, this.#wrap ? this.#columns : null);
    this.#clearRows();
  }

  #clearRows() {
    this.#pool.clear();
    this.#changed();
  }

  #scrolled() {
    const top = this.#element.scrollTop;
    if (Math.abs(top - this.#top) <= ROUNDING_PX) return;
    const up = top < this.#top;
    this.#top = top;
    this.#offset = offsetAt(top, this.#geometry);
    const { content, viewport } = this.#geometry;
    if (up) this.following = false;
    else if (content - viewport - this.#offset < this.#lineHeight) this.following = true;
    this.#changed();
  }

  #resized() {
    if (this.#wrap) this.refresh();
    else this.#measure();
    this.#changed();
  }

  #measure() {
    this.#viewport = this.#element.clientHeight;
    const measured = this.#probe.measure(this.#element.clientWidth);
    if (!measured) return;
    this.#lineHeight = measured.lineHeight;
    this.#columns = measured.columns;
  }
}
