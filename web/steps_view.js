// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The step tracker and the verdict above it. Every element is there from the start; only texts and states change.
 *
 * @module
 */
import { byId, icon, make, setData, setIcon, setText } from "./dom.js";
import { spanText } from "./job_view_state.js";
import { STEPS } from "./step_view_state.js";
/** @import { JobView } from "./job_view_state.js" */
/** @import { StepView } from "./step_view_state.js" */

const TONE_ICONS = {
  unknown: "waiting",
  running: "running",
  cancelling: "running",
  held: "held",
  succeeded: "done",
  failed: "failed",
  cancelled: "stopped",
};

/** Shows a job's steps and verdict. */
export class StepsView {
  #items = STEPS.map((step) => new StepItem(step));
  #verdict = byId("verdict", HTMLElement);

  /** @param {(step: string) => void} select told when a step is clicked, to show its log */
  constructor(select) {
    for (const { element, step } of this.#items) element.addEventListener("click", () => select(step));
    byId("steps", HTMLElement).replaceChildren(...this.#items.map((item) => item.element));
  }

  /**
   * @param {JobView} view
   * @param {number} now milliseconds since 1970
   */
  show(view, now) {
    view.steps.forEach((step, i) => this.#items[i]?.show(step, now));
    setData(this.#verdict, "tone", view.tone);
    setIcon(this.#verdict, TONE_ICONS[view.tone]);
    const headline = byId("headline", HTMLElement);
    setText(headline, view.headline);
    headline.title = view.headline;
    const detail = byId("detail", HTMLElement);
    setText(detail, view.detail);
    detail.title = view.detail;
    setText(byId("total", HTMLElement), spanText(view, now) || "–");
    setText(byId("total-of", HTMLElement), view.attempt > 1 ? `attempt ${view.attempt}` : "total");
  }
}

const WORDS = {
  waiting: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
  stopped: "stopped",
  skipped: "skipped",
};

/** One step of the tracker. */
class StepItem {
  #icon = icon("waiting");
  #state = make("span", { class: "state" }, ["waiting"]);
  #time = make("span", { class: "took" });

  /** @param {string} step */
  constructor(step) {
    this.step = step;
    this.element = make("li", { class: "step", "data-state": "waiting", id: `step-${step}` }, [
      make("span", { class: "bullet" }, [this.#icon]),
      make("span", { class: "name" }, [step]),
      make("span", { class: "line" }, [this.#state, this.#time]),
    ]);
  }

  /**
   * @param {StepView} step
   * @param {number} now
   */
  show(step, now) {
    setData(this.element, "state", step.note === "held" ? "held" : step.state);
    setIcon(this.element, step.note === "held" ? "held" : step.state);
    const words = step.note === "held"
      ? "held"
      : step.state === "failed" && step.note
      ? step.note
      : WORDS[step.state];
    setText(this.#state, words);
    setText(this.#time, spanText(step, now));
    const attempts = step.attempts > 1 ? `, attempt ${step.attempts}` : "";
    this.element.title = [`${step.step}: ${step.state}${attempts}`, step.note, step.why].filter(Boolean).join(
      "\n",
    );
  }
}
