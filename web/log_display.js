// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * How lines are displayed: wrapped or not, and with which time. The choices are kept in this browser.
 *
 * @module
 */
import { byId } from "./dom.js";
import { keepChoice, readChoice } from "./stored.js";
/** @import { Zone } from "./format.js" */

const ZONES = /** @type {const} */ (["off", "local", "utc"]);

/** The display options of the log. */
export class LogDisplay {
  /** @type {Zone} */
  zone = "off";
  #options;
  #lines = byId("lines", HTMLElement);
  #wrap = byId("wrap", HTMLButtonElement);
  #zoneChoice = byId("zone", HTMLSelectElement);

  /**
   * @param {object} options
   * @param {(wrap: boolean) => void} options.setWrap
   * @param {() => void} options.repaint told when lines look different from now on
   */
  constructor(options) {
    this.#options = options;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.#wrap.addEventListener("click", () => this.toggleWrap(), { signal });
    this.#zoneChoice.addEventListener("change", () => this.#setZone(this.#zoneChoice.value), { signal });
    this.#setWrap((readChoice("wrap") ?? String(innerWidth < 640)) === "true");
    this.#setZone(readChoice("zone") ?? "off");
  }

  toggleWrap() {
    const wrap = this.#wrap.ariaPressed !== "true";
    keepChoice("wrap", String(wrap));
    this.#setWrap(wrap);
  }

  /** @param {boolean} wrap */
  #setWrap(wrap) {
    this.#wrap.ariaPressed = String(wrap);
    this.#options.setWrap(wrap);
  }

  nextZone() {
    this.#setZone(ZONES[(ZONES.indexOf(this.zone) + 1) % ZONES.length] ?? "off");
  }

  /** @param {string} zone */
  #setZone(zone) {
    this.zone = ZONES.find((known) => known === zone) ?? "off";
    this.#zoneChoice.value = this.zone;
    keepChoice("zone", this.zone);
    this.#lines.classList.toggle("timed", this.zone !== "off");
    this.#options.repaint();
  }
}
