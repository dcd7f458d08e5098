// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The log of a job: tabs, display options, search, permalinks, copying and saving, around the scrolled list.
 *
 * @module
 */
import { byId, setText, spanOf } from "./dom.js";
import { ExcerptView } from "./excerpt_view.js";
import { counted } from "./format.js";
import { FrameLoop } from "./frame_loop.js";
import { LogBuffer } from "./log_buffer.js";
import { readLineLink } from "./line_link.js";
import { LogActions } from "./log_actions.js";
import { LogDisplay } from "./log_display.js";
import { LogFeed } from "./log_feed.js";
import { makeRow } from "./log_row.js";
import { LogScroller } from "./log_scroller.js";
import { LogTabs } from "./log_tabs.js";
import { roomFor } from "./room_for.js";
import { scrollToMark } from "./scroll_to_mark.js";
import { SearchBox } from "./search_box.js";
import { WholeSearch } from "./whole_search.js";
/** @import { Api } from "./api.js" */
/** @import { Match } from "./whole_search.js" */

/** In place of a line's index: it has come, but it is not held (any more). */
const NOT_HERE = -1;

/** The log panel, for one job. */
export class LogView {
  #signal;
  #buffer = new LogBuffer(roomFor(Reflect.get(navigator, "deviceMemory")));
  feed = new LogFeed(this.#buffer);
  #step = "";
  #over = false;
  /** @type {number | null} index of the line that the address names, once it is known */
  #target = null;
  /** Lines of the tab when following stopped. */
  #seenLines = 0;
  /** @type {FrameLoop} */
  #loop;
  #lines = byId("lines", HTMLElement);
  #jump = byId("jump", HTMLButtonElement);
  #tabs = new LogTabs(byId("tabs", HTMLElement), (step) => this.selectStep(step));
  /** @type {LogScroller} */
  #scroller;
  /** @type {SearchBox} */
  #search;
  #whole;
  #excerpt;

  /**
   * @param {string} jobId
   * @param {Api} api
   * @param {AbortSignal} signal ends the view
   */
  constructor(jobId, api, signal) {
    this.#signal = signal;
    this.#excerpt = new ExcerptView(jobId, api);
    this.#whole = new WholeSearch(jobId, {
      api,
      open: (match) => this.#openMatch(match),
      closed: () => this.#search.focus(),
    });
    this.#loop = new FrameLoop(() => this.#frame(), signal);
    this.actions = new LogActions(jobId, this.#buffer, () => ({ step: this.#step, zone: this.display.zone }));
    this.#scroller = new LogScroller(this.#lines, {
      buffer: this.#buffer,
      makeRow: (index) => this.#makeRow(index),
      changed: () => this.#loop.soon(),
    });
    this.display = new LogDisplay({
      setWrap: (wrap) => this.#scroller.setWrap(wrap),
      repaint: () => this.#scroller.refresh(),
    });
    this.#search = new SearchBox(this.#buffer, {
      changed: () => this.#loop.soon(),
      repaint: () => this.#scroller.refresh(),
      from: () => this.#scroller.topLine,
      reveal: (index) => this.#reveal(index),
      leave: () => this.#lines.focus(),
      everywhere: (query, matchCase) => this.#whole.find(query, { matchCase, step: this.#step }),
    });
  }

  /** Puts the panel into the page's elements. */
  open() {
    const signal = this.#signal;
    const on = (/** @type {string} */ id, /** @type {() => void} */ act) =>
      byId(id, HTMLElement).addEventListener("click", act, { signal });
    on("follow", () => this.toggleFollow());
    on("jump", () => this.#scroller.follow(true));
    addEventListener("hashchange", () => this.#followHash(), { signal });
    this.actions.listen(signal);
    this.#search.listen(signal);
    this.#whole.listen(signal);
    this.#excerpt.listen(signal);
    this.#scroller.listen(signal);
    this.display.listen(signal);
    this.selectStep(readLineLink(location.hash)?.step ?? "");
    this.#loop.soon();
  }

  /** Whether the job is over, so that nothing more will come. @param {boolean} over */
  set over(over) {
    this.#over = over;
    this.#loop.soon();
  }

  /** Lines have come. */
  refresh() {
    this.#loop.calmly();
  }

  #frame() {
    if (this.#target === null) this.#seekTarget();
    const more = this.#search.frame();
    this.#scroller.frame();
    this.#showState();
    if (more) this.#loop.soon();
  }

  #showState() {
    const rows = this.#buffer.rows(this.#step);
    const total = this.#buffer.count(this.#step);
    const { following } = this.#scroller;
    if (following) this.#seenLines = total;
    const fresh = total - this.#seenLines;
    byId("follow", HTMLButtonElement).ariaPressed = String(following);
    this.#jump.hidden = following || (this.#over && fresh === 0);
    const label = this.#over ? "Jump to the end" : "Jump to live";
    setText(spanOf(this.#jump), fresh > 0 ? `${label} · ${counted(fresh, "new line")}` : label);
    byId("log-empty", HTMLElement).hidden = rows.length > 0;
    setText(byId("log-empty", HTMLElement), this.#over ? "No lines." : "No lines yet.");
    const dropped = rows.dropped > 0
      ? ` · the first ${counted(rows.dropped, "line")} only in the download`
      : "";
    setText(byId("log-count", HTMLElement), counted(total, "line") + dropped);
    this.#tabs.showCounts((step) => this.#buffer.count(step));
  }

  /** @param {string} step "" for all */
  selectStep(step) {
    this.#step = step;
    this.#tabs.mark(step);
    this.#lines.classList.toggle("tags", step === "");
    this.#seenLines = this.#buffer.count(step);
    this.#scroller.show(step);
    this.#search.setStep(step);
  }

  toggleFollow() {
    this.#scroller.follow(!this.#scroller.following);
  }

  toTop() {
    this.#scroller.toTop();
  }

  toEnd() {
    this.#scroller.follow(true);
  }

  search() {
    this.#search.focus();
  }

  /** @param {1 | -1} direction */
  moveHit(direction) {
    this.#search.move(direction);
  }

  /** @param {number} index */
  #makeRow(index) {
    return makeRow(this.#buffer.line(index), {
      zone: this.display.zone,
      tag: this.#step === "",
      pattern: this.#search.pattern,
      current: this.#search.current,
      target: this.#target,
    });
  }

  /** Shows a hit: in the middle if it was out of view, and scrolled sideways to where it is. @param {number} index */
  #reveal(index) {
    if (this.#scroller.following || !this.#scroller.isInView(index)) this.#scroller.toLine(index);
    requestAnimationFrame(() => scrollToMark(this.#lines, this.#scroller.rowOf(index)));
  }

  /** Goes to a line of the whole log; shows it apart if it is not held here. @param {Match} match */
  #openMatch({ line_number, line }) {
    const link = this.feed.linkOf(line);
    const index = link && this.#buffer.find(link);
    if (index === null) return this.#excerpt.open(line_number, this.#search.pattern);
    if (this.#step !== "" && line.job_type !== this.#step) this.selectStep("");
    this.#goTo(index);
  }

  /** @param {number} index of the line that is marked from now on */
  #goTo(index) {
    this.#target = index;
    this.#scroller.toLine(index);
    this.#scroller.refresh();
  }

  #followHash() {
    this.#target = null;
    const step = readLineLink(location.hash)?.step ?? "";
    if (step !== "" && this.#step !== "" && step !== this.#step) this.selectStep(step);
    this.#loop.soon();
  }

  /** Goes to the line of the address as soon as it has come. */
  #seekTarget() {
    const link = readLineLink(location.hash);
    if (!link || this.#buffer.count(link.step) < link.seq) return;
    const index = this.#buffer.find(link);
    if (index !== null) this.#goTo(index);
    else if (link.run === 1) this.#target = NOT_HERE;
  }
}
