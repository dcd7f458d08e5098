// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The list of hits in the whole log, as the service finds them: also in lines that this page does not hold.
 *
 * @module
 */
import { byId, make, setText } from "./dom.js";
import { counted } from "./format.js";
import { literalPattern, matchesIn } from "./log_search.js";
import { visiblePieces, visibleText } from "./visible_text.js";
/** @import { Api } from "./api.js" */

const PAGE = 100;
/** What is shown of a line: so much, and so much of it before the hit. */
const SNIPPET = 300;
const BEFORE_HIT = 60;

/** @typedef {{ line_number: number, line: Record<string, unknown> }} Match */

/** The panel above the lines. */
export class WholeSearch {
  #jobId;
  #options;
  #panel = byId("hits", HTMLElement);
  #list = byId("hit-list", HTMLElement);
  #more = byId("hits-more", HTMLButtonElement);
  #turn = 0;
  /** @type {{ q: string, ignore_case: string, type: string }} */
  #query = { q: "", ignore_case: "true", type: "" };
  /** @type {string | null} */
  #next = null;

  /**
   * @param {string} jobId
   * @param {object} options
   * @param {Api} options.api
   * @param {(match: Match) => void} options.open shows the line in its place
   * @param {() => void} options.closed
   */
  constructor(jobId, options) {
    this.#jobId = jobId;
    this.#options = options;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.#panel.hidden = true;
    this.#more.addEventListener("click", () => this.#load(), { signal });
    byId("hits-close", HTMLButtonElement).addEventListener("click", () => this.close(), { signal });
    this.#panel.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    signal.addEventListener("abort", () => this.#turn++);
  }

  /**
   * Lists the lines with this text.
   *
   * @param {string} q
   * @param {{ matchCase: boolean, step: string }} options `step`: "" for all
   */
  find(q, { matchCase, step }) {
    if (q === "") return;
    this.#turn++;
    this.#next = null;
    this.#query = { q, ignore_case: String(!matchCase), type: step };
    this.#list.replaceChildren();
    this.#panel.hidden = false;
    this.#load();
  }

  close() {
    this.#turn++;
    this.#panel.hidden = true;
    this.#options.closed();
  }

  async #load() {
    const turn = this.#turn;
    const title = byId("hits-title", HTMLElement);
    if (this.#next === null) setText(title, "Searching the whole log…");
    this.#more.hidden = true;
    try {
      const query = { ...this.#query, limit: PAGE, cursor: this.#next };
      const found = await this.#options.api.searchLog(this.#jobId, query);
      if (turn !== this.#turn) return;
      this.#next = found.next;
      const where = this.#query.type === "" ? "the whole log" : `the whole ${this.#query.type} log`;
      const least = found.total_is_exact ? "" : "at least ";
      setText(title, `${least}${counted(found.total, "line")} in ${where}`);
      const place = this.#list.children.length;
      this.#list.append(...found.matches.map((match) => this.#item(match)));
      if (place > 0) this.#list.children[place]?.querySelector("button")?.focus();
      this.#more.hidden = found.next === null;
    } catch (error) {
      if (turn !== this.#turn) return;
      setText(title, `Could not search the whole log: ${error instanceof Error ? error.message : error}`);
      this.#more.hidden = this.#next === null;
    }
  }

  /** @param {Match} match */
  #item(match) {
    const { job_type = "", seq, line } = match.line;
    const number = typeof seq === "number" && seq > 0 ? seq : match.line_number;
    const text = make(
      "span",
      { class: "text", dir: "ltr" },
      this.#snippet(typeof line === "string" ? line : ""),
    );
    const button = make("button", { type: "button" }, [
      make("span", { class: "num" }, [`${job_type} ${number}`]),
      text,
    ]);
    button.addEventListener("click", () => {
      for (const other of this.#list.querySelectorAll("[aria-current]")) {
        other.removeAttribute("aria-current");
      }
      button.setAttribute("aria-current", "true");
      this.#options.open(match);
    });
    return make("li", {}, [button]);
  }

  /** @param {string} line @returns {(Node | string)[]} the hit and what is around it */
  #snippet(line) {
    const pattern = literalPattern(this.#query.q, this.#query.ignore_case === "false");
    const [hit] = pattern ? matchesIn(pattern, line, 1) : [];
    if (!hit) return nodesOf(line.slice(0, SNIPPET));
    const from = Math.max(0, hit.from - BEFORE_HIT);
    return [
      from > 0 ? "…" : "",
      ...nodesOf(line.slice(from, hit.from)),
      make("mark", {}, [visibleText(line.slice(hit.from, hit.to))]),
      ...nodesOf(line.slice(hit.to, from + SNIPPET)),
    ];
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      return this.close();
    }
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    const buttons = [...this.#list.querySelectorAll("button")];
    const at = buttons.findIndex((button) => button === document.activeElement);
    event.preventDefault();
    buttons[at < 0 ? 0 : at + by]?.focus();
  }
}

/** @param {string} text */
function nodesOf(text) {
  return visiblePieces(text).map((piece) =>
    piece.mark === null ? piece.text : make("span", { class: "mark", title: piece.mark }, [piece.text])
  );
}
