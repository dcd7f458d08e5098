// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Single-key shortcuts. They rest while somebody types and while a dialog is open.
 *
 * @module
 */
import { byId } from "./dom.js";
/** @import { JobListView } from "./job_list_view.js" */
/** @import { LogView } from "./log_view.js" */

/** @type {Readonly<Record<string, (log: LogView) => void>>} */
const LOG_KEYS = {
  "/": (log) => log.search(),
  f: (log) => log.toggleFollow(),
  g: (log) => log.toTop(),
  G: (log) => log.toEnd(),
  n: (log) => log.moveHit(1),
  N: (log) => log.moveHit(-1),
  w: (log) => log.display.toggleWrap(),
  t: (log) => log.display.nextZone(),
};

/**
 * @param {KeyboardEvent} event
 * @param {LogView | null} log the log on the screen
 * @param {JobListView} list what is there without one
 */
export function pressedKey(event, log, list) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, textarea, select, dialog")) return;
  if (event.key === "?") {
    event.preventDefault();
    return byId("help", HTMLDialogElement).showModal();
  }
  if (!log && event.key === "/") {
    event.preventDefault();
    return list.focus();
  }
  const act = LOG_KEYS[event.key];
  if (!act || !log) return;
  event.preventDefault();
  act(log);
}
