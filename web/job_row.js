// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * One job of the list as an element.
 *
 * @module
 */
import { icon, make, setData, setIcon, setText } from "./dom.js";
import { ago, moment } from "./format.js";
import { summaryOf } from "./job_list.js";
/** @import { ListedJob } from "./job_list.js" */

const ICONS = { running: "running", held: "held", succeeded: "done", failed: "failed", cancelled: "stopped" };

/** One job of the list. */
export class JobRow {
  #icon = make("span", { class: "bullet" }, [icon("waiting")]);
  #text = make("span", { class: "how" });
  #when = make("time", { class: "when" });

  /** @param {ListedJob} job */
  constructor(job) {
    const id = make("span", { class: "mono id", title: job.job_id }, [job.job_id]);
    const image = make("span", { class: "image", title: job.image ?? "" }, [
      job.image?.split("/").at(-1) ?? "",
    ]);
    const link = make("a", { href: `/?job=${encodeURIComponent(job.job_id)}` }, [
      this.#icon,
      id,
      this.#when,
      this.#text,
      image,
    ]);
    this.element = make("li", {}, [link]);
  }

  /**
   * @param {ListedJob} job
   * @param {number} now milliseconds since 1970
   */
  show(job, now) {
    const { tone, text } = summaryOf(job);
    setData(this.element, "tone", tone);
    setIcon(this.#icon, ICONS[tone]);
    setText(this.#text, text);
    this.#text.title = text;
    const created = Date.parse(job.created_at);
    setText(this.#when, ago(now - created));
    this.#when.dateTime = job.created_at;
    const { date, time } = moment(created, "local");
    this.#when.title = `Submitted ${date} ${time.slice(0, 8)}`;
  }
}
