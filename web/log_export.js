// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * The lines of a tab as text, to be copied or saved: as shown, so that nothing hidden in them reaches a terminal.
 *
 * @module
 */
import { make } from "./dom.js";
import { moment } from "./format.js";
import { visibleText } from "./visible_text.js";
/** @import { LogBuffer } from "./log_buffer.js" */
/** @import { Zone } from "./format.js" */

const LINES_AT_ONCE = 20_000;

/**
 * What a tab shows, as text in parts; between two parts the page gets time for other things.
 *
 * @param {LogBuffer} buffer
 * @param {string} step "" for all
 * @param {Zone} zone
 * @returns {Promise<string[]>}
 */
export async function shownText(buffer, step, zone) {
  const rows = buffer.rows(step);
  const last = buffer.end;
  const parts = [];
  for (let next = buffer.first; next < last;) {
    const lines = [];
    for (let row = rows.rowOf(next); row < rows.length && lines.length < LINES_AT_ONCE; row++) {
      const index = rows.at(row);
      if (index >= last) break;
      next = index + 1;
      lines.push(lineText(buffer.line(index), step, zone));
    }
    if (lines.length === 0) break;
    parts.push(lines.join(""));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return parts;
}

/**
 * @param {import("./log_buffer.js").Line} line
 * @param {string} step
 * @param {Zone} zone
 */
function lineText(line, step, zone) {
  const { date, time } = moment(line.time, zone);
  const at = zone !== "off" && date ? `${date} ${time} ` : "";
  const tag = step === "" && line.step ? `${line.step} ` : "";
  return `${at}${tag}${line.kind === "line" ? visibleText(line.text) : `--- ${line.text} ---`}\n`;
}

/**
 * Puts text on the clipboard, also on pages that are not served securely.
 *
 * @param {string} text
 * @throws {Error} if the browser refuses
 */
export async function copyText(text) {
  if (navigator.clipboard) return await navigator.clipboard.writeText(text);
  const area = make("textarea", { class: "hidden", readonly: "" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("Cannot copy: the browser refuses access to the clipboard");
}

/**
 * Saves text under a name.
 *
 * @param {string[]} parts
 * @param {string} name
 */
export function saveText(parts, name) {
  const url = URL.createObjectURL(new Blob(parts, { type: "text/plain;charset=utf-8" }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
