// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The submission form.
 *
 * @module
 */
import { ApiError } from "./api_error.js";
import { byId, make, setText } from "./dom.js";
import { counted } from "./format.js";
import { bodyOf, faultsOf, textsOf } from "./form_body.js";
import { proposeJobId } from "./job_id.js";
import { splitWords } from "./shell_words.js";
/** @import { Api, Sample } from "./api.js" */
/** @import { Faults } from "./form_body.js" */

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/** The form by which a job is run. */
export class FormView {
  #form = byId("submit", HTMLFormElement);
  #button = byId("run", HTMLButtonElement);
  #api;
  #submitted;
  #freshId;
  #touched = false;

  /**
   * @param {object} options
   * @param {Api} options.api
   * @param {(jobId: string) => void} options.submitted
   * @param {() => number} [options.now] milliseconds since 1970
   * @param {() => number} [options.random]
   */
  constructor({ api, submitted, now = Date.now, random = Math.random }) {
    this.#api = api;
    this.#freshId = () => proposeJobId(new Date(now()), random);
    this.#submitted = submitted;
    for (const field of this.#fields()) this.#say(field.name, "");
    this.proposeId();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("input", (event) => this.#edited(event.target));
    this.#form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit();
    });
    byId("fresh-id", HTMLButtonElement).addEventListener("click", () => this.proposeId());
  }

  /** @param {Sample} sample values to begin with, unless somebody has begun to type */
  fill(sample) {
    if (this.#touched) return;
    for (const [name, text] of Object.entries(textsOf(sample))) {
      const field = this.#fields().find((each) => each.name === name);
      if (field) field.value = text;
    }
    this.#previewArgs();
  }

  proposeId() {
    byId("f-job_id", HTMLInputElement).value = this.#freshId();
    this.#say("job_id", "");
  }

  /** @returns {Field[]} */
  #fields() {
    return /** @type {Field[]} */ ([...this.#form.querySelectorAll("[name]")]);
  }

  /** @param {EventTarget | null} target */
  #edited(target) {
    this.#touched = true;
    const name = /** @type {Partial<Field> | null} */ (target)?.name;
    if (!name) return;
    this.#say(name, "");
    if (name === "args") this.#previewArgs();
  }

  /** Shows how the arguments will be split. */
  #previewArgs() {
    const message = byId("m-args", HTMLElement);
    try {
      const words = splitWords(byId("f-args", HTMLTextAreaElement).value);
      if (words.length === 0) return this.#say("args", "");
      const shown = words.slice(0, 12).map((word) =>
        make("code", {}, [word.length > 40 ? `${word.slice(0, 39)}…` : word || "''"])
      );
      message.replaceChildren(
        `${counted(words.length, "argument")}: `,
        ...shown,
        words.length > 12 ? "…" : "",
      );
    } catch {
      this.#say("args", "");
    }
  }

  async #submit() {
    const texts = Object.fromEntries(this.#fields().map((field) => [field.name, field.value]));
    const jobId = texts.job_id ?? "";
    const { body, faults } = bodyOf(texts);
    if (Object.keys(faults).length > 0) return this.#showFaults(faults, "");
    this.#showFaults({}, "");
    this.#button.disabled = true;
    setText(this.#button, "Submitting…");
    try {
      await this.#api.run(jobId, body);
      this.#touched = true;
      this.#submitted(jobId);
      this.proposeId();
    } catch (error) {
      this.#showRefusal(error);
    } finally {
      this.#button.disabled = false;
      setText(this.#button, "Run job");
    }
  }

  /** @param {unknown} error */
  #showRefusal(error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof ApiError)) return this.#showFaults({}, message);
    if (error.status === 409 && error.details.length === 0) {
      return this.#showFaults({ job_id: `${message} Propose another id, or open that job.` }, "");
    }
    const known = new Set(this.#fields().map((field) => field.name));
    const { faults, others } = faultsOf(error.details, known);
    const named = Object.keys(faults).length > 0;
    this.#showFaults(faults, others.length > 0 ? others.join("; ") : named ? "" : message);
  }

  /**
   * @param {Faults} faults
   * @param {string} general
   */
  #showFaults(faults, general) {
    let first = true;
    for (const field of this.#fields()) {
      const fault = faults[field.name] ?? "";
      this.#say(field.name, fault);
      if (!fault) continue;
      const details = field.closest("details");
      if (details) details.open = true;
      if (!first) continue;
      first = false;
      field.focus();
    }
    if (!faults.args) this.#previewArgs();
    const count = Object.keys(faults).length;
    setText(
      byId("form-message", HTMLElement),
      general || (count > 0 ? `${counted(count, "field")} to correct.` : ""),
    );
  }

  /**
   * Says what is wrong with a field; its hint, if nothing is.
   *
   * @param {string} name
   * @param {string} fault
   */
  #say(name, fault) {
    const message = byId(`m-${name}`, HTMLElement);
    const field = this.#fields().find((each) => each.name === name);
    setText(message, fault || (message.dataset.hint ?? ""));
    message.classList.toggle("fault", fault !== "");
    if (fault) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  }
}
