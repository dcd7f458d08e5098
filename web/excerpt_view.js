// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Lines around one that this page does not hold, fetched from the service.
 *
 * @module
 */
import { byId, make, setText } from "./dom.js";
import { fullCount } from "./format.js";
import { LogBuffer } from "./log_buffer.js";
import { LogFeed } from "./log_feed.js";
import { makeRow } from "./log_row.js";
/** @import { Api } from "./api.js" */

const AROUND = 50;
const LINES = 2 * AROUND + 1;

/** A dialog that pages through the whole log. */
export class ExcerptView {
  #jobId;
  #api;
  #dialog = byId("excerpt", HTMLDialogElement);
  #rows = byId("excerpt-lines", HTMLElement);
  #offset = 0;
  #target = 0;
  #turn = 0;
  /** @type {RegExp | null} */
  #pattern = null;

  /**
   * @param {string} jobId
   * @param {Api} api
   */
  constructor(jobId, api) {
    this.#jobId = jobId;
    this.#api = api;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const on = (/** @type {string} */ id, /** @type {number} */ by) =>
      byId(id, HTMLElement).addEventListener("click", () => this.#load(this.#offset + by), { signal });
    on("excerpt-earlier", -LINES);
    on("excerpt-later", LINES);
    signal.addEventListener("abort", () => this.#dialog.close());
  }

  /**
   * @param {number} number of the line in the whole log, from 1
   * @param {RegExp | null} pattern what is marked
   */
  open(number, pattern) {
    this.#target = number;
    this.#pattern = pattern;
    this.#rows.replaceChildren();
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#load(number - 1 - AROUND);
  }

  /** @param {number} offset */
  async #load(offset) {
    const turn = ++this.#turn;
    const from = Math.max(0, offset);
    const title = byId("excerpt-title", HTMLElement);
    try {
      const page = await this.#api.logLines(this.#jobId, { offset: from, limit: LINES });
      if (turn !== this.#turn) return;
      if (page.lines.length === 0) return;
      this.#offset = page.offset;
      const last = page.offset + page.lines.length;
      setText(title, `Lines ${fullCount(page.offset + 1)} to ${fullCount(last)} of ${fullCount(page.total)}`);
      byId("excerpt-earlier", HTMLButtonElement).disabled = page.offset === 0;
      byId("excerpt-later", HTMLButtonElement).disabled = last >= page.total;
      this.#show(page.lines);
    } catch (error) {
      if (turn === this.#turn) setText(title, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Record<string, unknown>[]} lines */
  #show(lines) {
    const buffer = new LogBuffer();
    const feed = new LogFeed(buffer);
    const target = this.#target - 1 - this.#offset;
    /** @type {number | null} */
    let index = null;
    lines.forEach((line, at) => {
      feed.log(line);
      if (at === target) index = buffer.end - 1;
    });
    const rows = Array.from(
      { length: buffer.end },
      (_, at) =>
        makeRow(buffer.line(at), {
          zone: "off",
          tag: true,
          pattern: this.#pattern,
          current: null,
          target: index,
        }),
    );
    for (const row of rows) {
      const number = row.querySelector("a.num");
      number?.replaceWith(make("span", { class: "num" }, [number.textContent ?? ""]));
    }
    this.#rows.replaceChildren(...rows);
    const shown = index === null ? null : rows[index];
    if (shown) shown.scrollIntoView({ block: "center" });
    else this.#rows.scrollTop = 0;
  }
}
