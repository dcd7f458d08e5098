// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Cancelling and retrying a job. Cancelling asks first, as it cannot be taken back.
 *
 * @module
 */
import { byId, setText } from "./dom.js";
/** @import { Api } from "./api.js" */
/** @import { JobView as View } from "./job_view_state.js" */

/** The buttons of one job. */
export class JobActions {
  /** @type {readonly string[]} what the service offers */
  features = [];
  #jobId;
  #options;
  #attempt = 1;
  #cancelButton = byId("cancel", HTMLButtonElement);
  #retryButton = byId("retry", HTMLButtonElement);
  #dialog = byId("cancel-dialog", HTMLDialogElement);

  /**
   * @param {string} jobId
   * @param {object} options
   * @param {Api} options.api
   * @param {(action: "cancel" | "retry") => Promise<void>} options.done what was asked for is under way
   * @param {(text: string) => void} options.announce
   */
  constructor(jobId, options) {
    this.#jobId = jobId;
    this.#options = options;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.#say("");
    this.#cancelButton.addEventListener("click", () => this.#ask(), { signal });
    this.#retryButton.addEventListener(
      "click",
      () => this.#act("retry", { after_attempt: this.#attempt }),
      { signal },
    );
    byId("cancel-form", HTMLFormElement).addEventListener("submit", (event) => {
      if (event.submitter?.id !== "cancel-yes") return;
      const reason = byId("cancel-reason", HTMLInputElement).value.trim();
      this.#act("cancel", { reason: reason === "" ? null : reason });
    }, { signal });
    signal.addEventListener("abort", () => this.#dialog.close());
  }

  /** Offers what can be done now. @param {View} view */
  show(view) {
    this.#attempt = view.attempt;
    const goesOn = !view.over && view.tone !== "unknown" && view.tone !== "cancelling";
    const canRetry = view.over && view.tone !== "succeeded";
    this.#cancelButton.hidden = !goesOn || !this.features.includes("cancel");
    this.#retryButton.hidden = !canRetry || !this.features.includes("retry");
    if (!goesOn && this.#dialog.open) this.#dialog.close();
  }

  #ask() {
    byId("cancel-reason", HTMLInputElement).value = "";
    this.#dialog.showModal();
  }

  /**
   * @param {"cancel" | "retry"} action
   * @param {object} body
   */
  async #act(action, body) {
    this.#disable(true);
    this.#say("");
    try {
      await this.#options.api.act(this.#jobId, action, body);
      await this.#options.done(action);
    } catch (error) {
      const text = `Could not ${action}: ${error instanceof Error ? error.message : error}`;
      this.#say(text);
      this.#options.announce(text);
    } finally {
      this.#disable(false);
    }
  }

  /** @param {boolean} disabled */
  #disable(disabled) {
    this.#cancelButton.disabled = disabled;
    this.#retryButton.disabled = disabled;
  }

  /** @param {string} text */
  #say(text) {
    setText(byId("action-fault", HTMLElement), text);
  }
}
