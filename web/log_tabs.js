// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The tabs that choose whose step's log is shown, with the number of its lines.
 *
 * @module
 */
import { make, setText } from "./dom.js";
import { shortCount } from "./format.js";
import { LOG_STEPS } from "./log_buffer.js";

const ORDER = ["", ...LOG_STEPS];

/** The tab list. `""` stands for all steps. */
export class LogTabs {
  /** @type {Map<string, { tab: HTMLElement, count: HTMLElement }>} */
  #tabs = new Map();

  /**
   * @param {HTMLElement} list
   * @param {(step: string) => void} select
   */
  constructor(list, select) {
    for (const step of ORDER) {
      const count = make("span", { class: "count" }, ["0"]);
      const attributes = {
        type: "button",
        role: "tab",
        id: `tab-${step || "all"}`,
        "aria-controls": "lines",
      };
      const tab = make("button", attributes, [step || "all", count]);
      tab.addEventListener("click", () => select(step));
      tab.addEventListener("keydown", ({ key }) => {
        const by = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
        if (by === 0) return;
        const next = ORDER.at((ORDER.indexOf(step) + by) % ORDER.length) ?? "";
        select(next);
        this.#tabs.get(next)?.tab.focus();
      });
      this.#tabs.set(step, { tab, count });
    }
    list.replaceChildren(...[...this.#tabs.values()].map(({ tab }) => tab));
  }

  /** @param {string} selected */
  mark(selected) {
    for (const [step, { tab }] of this.#tabs) {
      tab.ariaSelected = String(step === selected);
      tab.tabIndex = step === selected ? 0 : -1;
    }
  }

  /** @param {(step: string) => number} countOf */
  showCounts(countOf) {
    for (const [step, { count }] of this.#tabs) setText(count, shortCount(countOf(step)));
  }
}
