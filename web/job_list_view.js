// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The list of jobs: by state, by text, newest first. It looks again every few seconds; rows change in place, and jobs
 * that came meanwhile wait behind a button, so that nothing moves under the reader.
 *
 * @module
 */
import { byId, setText } from "./dom.js";
import { counted } from "./format.js";
import { compareLists, filterPath, readFilter, STATUS_FILTERS } from "./job_list.js";
import { JobRow } from "./job_row.js";
/** @import { Api } from "./api.js" */
/** @import { JobPage, ListedJob, StatusFilter } from "./job_list.js" */

const LOOK_EVERY_MS = 3000;
const TYPING_MS = 250;
const PAGE = 50;
/** Most jobs that one look asks about. */
const LOOK_MAX = 500;
/** A search may give empty pages; after so many the reader decides whether to go on. */
const PAGES_AT_ONCE = 8;
/** Jobs that dropped out of the list are asked about one by one, at most so many at a time. */
const ASK_AT_ONCE = 8;

/** Shows the list while the home view is open. */
export class JobListView {
  #api;
  #now;
  /** @type {{ status: StatusFilter, q: string }} */
  #filter = { status: "all", q: "" };
  /** @type {ListedJob[]} */
  #jobs = [];
  /** @type {string | null} where the list goes on */
  #next = null;
  /** @type {Map<string, JobRow>} */
  #rows = new Map();
  /** Changes with every new list: answers about an older one come too late. */
  #turn = 0;
  #loading = false;
  #open = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;
  #list = byId("jobs", HTMLElement);
  #query = byId("job-query", HTMLInputElement);
  #more = byId("jobs-more", HTMLButtonElement);
  #fresh = byId("jobs-fresh", HTMLButtonElement);

  /**
   * @param {object} options
   * @param {Api} options.api
   * @param {() => number} [options.now] milliseconds since 1970
   */
  constructor({ api, now = Date.now }) {
    this.#api = api;
    this.#now = now;
    byId("job-search", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    this.#query.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(
        () => this.#choose({ ...this.#filter, q: this.#query.value.trim() }),
        TYPING_MS,
      );
    });
    for (const button of this.#filters()) {
      button.addEventListener("click", () => {
        this.#choose({ ...this.#filter, status: readFilter(`?status=${button.dataset.status}`).status });
      });
    }
    this.#more.addEventListener("click", () => this.#load());
    this.#fresh.addEventListener("click", () => this.#begin());
    this.#list.addEventListener("keydown", (event) => this.#pressed(event));
    setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** The home view is shown. */
  open() {
    this.#open = true;
    this.#filter = readFilter(location.search);
    this.#query.value = this.#filter.q;
    this.#begin();
  }

  close() {
    this.#open = false;
    clearTimeout(this.#typing);
    this.#turn++;
  }

  focus() {
    this.#query.focus();
    this.#query.select();
  }

  #filters() {
    return [...byId("job-filters", HTMLElement).querySelectorAll("button")];
  }

  /** @param {{ status: StatusFilter, q: string }} filter */
  #choose(filter) {
    this.#filter = filter;
    history.replaceState(null, "", filterPath(filter));
    this.#begin();
  }

  /** Loads the list anew. The old one stays until there is something to show. */
  #begin() {
    this.#turn++;
    this.#loading = false;
    for (const button of this.#filters()) {
      button.ariaPressed = String(button.dataset.status === this.#filter.status);
    }
    this.#fresh.hidden = true;
    this.#load({ anew: true });
  }

  /** Loads the next jobs, through pages without any. @param {{ anew?: boolean }} [options] */
  async #load({ anew = false } = {}) {
    if (this.#loading) return;
    this.#loading = true;
    const turn = this.#turn;
    this.#say(anew && this.#jobs.length > 0 ? "" : "Loading…");
    this.#more.disabled = true;
    try {
      let after = anew ? null : this.#next;
      /** @type {ListedJob[]} */
      const found = [];
      for (let pages = 0; pages < PAGES_AT_ONCE && found.length < PAGE; pages++) {
        const page = await this.#page({ after, limit: PAGE });
        if (turn !== this.#turn) return;
        found.push(...page.jobs);
        after = page.next;
        if (after === null) break;
      }
      this.#next = after;
      const known = new Set(anew ? [] : this.#jobs.map((job) => job.job_id));
      this.#jobs = [...(anew ? [] : this.#jobs), ...found.filter((job) => !known.has(job.job_id))];
      if (anew) this.#list.scrollTop = 0;
      this.#show();
    } catch (error) {
      if (turn === this.#turn) this.#say(error instanceof Error ? error.message : String(error), true);
    } finally {
      if (turn === this.#turn) this.#loading = false;
      this.#more.disabled = false;
    }
  }

  /**
   * @param {{ after?: string | null, limit: number }} place
   * @returns {Promise<JobPage>}
   */
  #page(place) {
    return this.#api.jobs({ status: STATUS_FILTERS[this.#filter.status], q: this.#filter.q, ...place });
  }

  /** Looks how the jobs go that are shown. */
  async #look() {
    if (!this.#open || this.#loading || document.hidden) return;
    const turn = this.#turn;
    try {
      const look = await this.#page({ limit: Math.min(LOOK_MAX, Math.max(PAGE, this.#jobs.length)) });
      if (turn !== this.#turn || this.#loading) return;
      const { jobs, fresh, left } = compareLists(this.#jobs, look);
      this.#jobs = jobs;
      this.#fresh.hidden = fresh.length === 0;
      setText(this.#fresh, `Show ${counted(fresh.length, "new job")}`);
      this.#show();
      await Promise.all(left.slice(0, ASK_AT_ONCE).map((id) => this.#askAbout(id, turn)));
    } catch (error) {
      if (turn === this.#turn) this.#say(error instanceof Error ? error.message : String(error), true);
    }
  }

  /**
   * @param {string} jobId
   * @param {number} turn
   */
  async #askAbout(jobId, turn) {
    const answer = await this.#api.workflow(jobId);
    if (turn !== this.#turn) return;
    this.#jobs = this.#jobs.map((job) => job.job_id === jobId ? { ...job, ...answer } : job);
    this.#show();
  }

  #show() {
    const wanted = new Set(this.#jobs.map((job) => job.job_id));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    const now = this.#now();
    this.#jobs.forEach((job, at) => {
      const row = this.#rows.get(job.job_id) ?? new JobRow(job);
      this.#rows.set(job.job_id, row);
      row.show(job, now);
      const place = this.#list.children[at] ?? null;
      if (place !== row.element) this.#list.insertBefore(row.element, place);
    });
    this.#more.hidden = this.#next === null;
    const count = counted(this.#jobs.length, "job") + (this.#next === null ? "" : ", and more");
    setText(byId("jobs-count", HTMLElement), this.#jobs.length > 0 ? count : "");
    const limited = this.#filter.q !== "" || this.#filter.status !== "all";
    const none = this.#next !== null
      ? "None so far among the newest."
      : limited
      ? "No such job."
      : "No job yet.";
    this.#say(this.#jobs.length > 0 ? "" : none);
  }

  /**
   * @param {string} text
   * @param {boolean} [fault]
   */
  #say(text, fault = false) {
    const message = byId("jobs-message", HTMLElement);
    setText(message, text);
    message.classList.toggle("fault", fault);
  }

  /** Goes through the list by arrow keys. @param {KeyboardEvent} event */
  #pressed(event) {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const links = [...this.#list.querySelectorAll("a")];
    const at = links.findIndex((link) => link === document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    links[at + by]?.focus();
  }
}
