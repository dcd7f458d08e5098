// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * What can be done with the lines: copy or save those shown, fetch the whole log, read a long line in full.
 *
 * @module
 */
import { byId, setText } from "./dom.js";
import { counted } from "./format.js";
import { copyText, saveText, shownText } from "./log_export.js";
import { visibleText } from "./visible_text.js";
/** @import { LogBuffer } from "./log_buffer.js" */
/** @import { Zone } from "./format.js" */

/** The buttons beside the log. */
export class LogActions {
  /** Whether the service gives out whole logs; without it there is nothing to choose, and no menu. */
  wholeOffered = false;
  #jobId;
  #buffer;
  #shown;

  /**
   * @param {string} jobId
   * @param {LogBuffer} buffer
   * @param {() => { step: string, zone: Zone }} shown what is on the screen
   */
  constructor(jobId, buffer, shown) {
    this.#jobId = jobId;
    this.#buffer = buffer;
    this.#shown = shown;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.#note("");
    byId("download-whole", HTMLAnchorElement).href = `/logs/${encodeURIComponent(this.#jobId)}/download`;
    byId("copy-log", HTMLElement).addEventListener("click", () => this.#copy(), { signal });
    byId("download-shown", HTMLElement).addEventListener("click", () => this.#save(), { signal });
    byId("download", HTMLElement).addEventListener("click", (event) => {
      if (this.wholeOffered) return;
      event.preventDefault();
      this.#save();
    }, { signal });
    byId("lines", HTMLElement).addEventListener("click", (event) => this.#openLine(event.target), { signal });
  }

  async #copy() {
    const { step, zone } = this.#shown();
    this.#note("Copying…");
    try {
      const parts = await shownText(this.#buffer, step, zone);
      await copyText(parts.join(""));
      this.#note(`Copied ${counted(this.#buffer.rows(step).length, "line")}`);
    } catch {
      this.#note("The browser does not allow copying");
    }
  }

  async #save() {
    const { step, zone } = this.#shown();
    byId("download-menu", HTMLElement).hidePopover();
    saveText(await shownText(this.#buffer, step, zone), `${this.#jobId}${step && `-${step}`}.log`);
  }

  /** @param {EventTarget | null} target what was clicked: the button of a long line, perhaps */
  #openLine(target) {
    const button = target instanceof Element ? target.closest("[data-open]") : null;
    if (!button) return;
    const line = this.#buffer.line(Number(button.getAttribute("data-open")));
    setText(byId("whole-line-title", HTMLElement), `Line ${line.seq} of ${line.step}`);
    byId("whole-line-text", HTMLTextAreaElement).value = visibleText(line.text);
    byId("whole-line", HTMLDialogElement).showModal();
  }

  /** @param {string} text */
  #note(text) {
    setText(byId("log-note", HTMLElement), text);
  }
}
