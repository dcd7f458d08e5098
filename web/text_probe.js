// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Measures of the log's text: how tall a line is, how many columns fit.
 *
 * @module
 */
import { make } from "./dom.js";

const COLUMNS = 100;

/** An invisible row of known length. */
export class TextProbe {
  #sample = make("span", {}, ["0".repeat(COLUMNS)]);
  #text = make("span", { class: "text" }, [this.#sample]);
  element = make("div", { class: "row probe", "aria-hidden": "true" }, [this.#text]);

  /**
   * @param {number} width of the list, in pixels
   * @returns {{ lineHeight: number, columns: number } | null} null while the list is not on the screen
   */
  measure(width) {
    const sample = this.#sample.getBoundingClientRect();
    if (sample.width === 0) return null;
    const style = getComputedStyle(this.element);
    const room = width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return {
      lineHeight: parseFloat(style.lineHeight),
      columns: Math.max(8, Math.floor(room / (sample.width / COLUMNS))),
    };
  }
}
