// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The search box over the log: query, number of lines found, next and previous.
 *
 * @module
 */
import { byId, setText } from "./dom.js";
import { shortCount } from "./format.js";
import { literalPattern, LogSearch } from "./log_search.js";
/** @import { LogBuffer } from "./log_buffer.js" */

/** Searching may take so much of a frame, in milliseconds. */
const SLICE_MS = 6;

/** Wires the box to the lines. */
export class SearchBox {
  #buffer;
  #options;
  #step = "";
  /** @type {LogSearch | null} */
  #search = null;
  /** Whether the view is to go to the first hit as soon as it is known. */
  #seeking = false;
  #query = byId("query", HTMLInputElement);
  #found = byId("found", HTMLOutputElement);
  #matchCase = byId("match-case", HTMLButtonElement);

  /**
   * @param {LogBuffer} buffer
   * @param {object} options
   * @param {() => void} options.changed told when a frame is needed
   * @param {() => void} options.repaint told when what is highlighted has changed
   * @param {() => number} options.from line index to search from
   * @param {(index: number) => void} options.reveal
   * @param {() => void} options.leave
   * @param {(query: string, matchCase: boolean) => void} options.everywhere searches the whole log
   */
  constructor(buffer, options) {
    this.#buffer = buffer;
    this.#options = options;
  }

  /** @returns {RegExp | null} */
  get pattern() {
    return this.#search?.pattern ?? null;
  }

  /** @returns {number | null} line index of the current hit */
  get current() {
    return this.#search?.current ?? null;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.#query.value = "";
    this.#query.addEventListener("input", () => this.#begin(true), { signal });
    this.#query.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.#matchCase.addEventListener("click", () => {
      this.#matchCase.ariaPressed = String(this.#matchCase.ariaPressed !== "true");
      this.#begin(true);
    }, { signal });
    byId("previous", HTMLButtonElement).addEventListener("click", () => this.move(-1), { signal });
    byId("everywhere", HTMLButtonElement).addEventListener("click", () => this.everywhere(), { signal });
    byId("find", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.move(1);
    }, { signal });
    this.#begin(false);
  }

  /** @param {string} step the tab that is searched */
  setStep(step) {
    this.#step = step;
    this.#begin(false);
  }

  focus() {
    this.#query.focus();
    this.#query.select();
  }

  /** Looks for the same in the whole log. */
  everywhere() {
    if (this.#query.value === "") return this.focus();
    this.#options.everywhere(this.#query.value, this.#matchCase.ariaPressed === "true");
  }

  /** @param {1 | -1} direction */
  move(direction) {
    const index = this.#search?.move(direction, this.#options.from()) ?? null;
    if (index === null) return;
    this.#seeking = false;
    this.#options.repaint();
    this.#options.reveal(index);
  }

  /** Searches on for a slice of a frame. @returns {boolean} whether there is more to do */
  frame() {
    const search = this.#search;
    if (!search) return false;
    const until = performance.now() + SLICE_MS;
    if (!search.done) search.advance(() => performance.now() > until);
    if (this.#seeking && search.hits.length > 0) {
      const beyond = search.hits.at(search.hits.length - 1) >= this.#options.from();
      if (beyond || search.done) this.move(1);
    }
    if (search.done && search.hits.length === 0) this.#seeking = false;
    this.#showCount(search);
    return !search.done;
  }

  /** @param {boolean} seek */
  #begin(seek) {
    const pattern = literalPattern(this.#query.value, this.#matchCase.ariaPressed === "true");
    this.#search = pattern ? new LogSearch(this.#buffer, this.#step, pattern) : null;
    this.#seeking = seek && pattern !== null;
    if (!pattern) setText(this.#found, "");
    this.#query.classList.remove("none");
    this.#options.repaint();
    this.#options.changed();
  }

  /** @param {LogSearch} search */
  #showCount(search) {
    const count = search.hits.length;
    const total = shortCount(count) + (search.done ? "" : "…");
    setText(this.#found, search.done && count === 0 ? "No line" : `${search.place || "–"} of ${total}`);
    const lost = this.#buffer.first > 0;
    this.#found.title = lost
      ? "Lines in which it was found, of those that this page holds; the list button searches the whole log"
      : "Lines in which it was found";
    this.#query.classList.toggle("none", search.done && count === 0);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.everywhere();
    } else if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      this.move(-1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.#query.value = "";
      this.#begin(false);
      this.#options.leave();
    }
  }
}
