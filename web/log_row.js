// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * One log line as an element. Whatever the line holds, it becomes text, never markup.
 *
 * @module
 */
import { make } from "./dom.js";
import { counted, fullCount, moment } from "./format.js";
import { lineLink } from "./line_link.js";
import { runsOf, SHOWN_CHARACTERS } from "./line_pieces.js";
import { matchesIn } from "./log_search.js";
import { visiblePieces } from "./visible_text.js";
/** @import { Line } from "./log_buffer.js" */
/** @import { Run } from "./line_pieces.js" */
/** @import { Zone } from "./format.js" */

/**
 * @typedef {object} RowOptions
 * @property {Zone} zone
 * @property {boolean} tag whether the line's step is shown
 * @property {RegExp | null} pattern what is searched for
 * @property {number | null} current line index of the current hit
 * @property {number | null} target line index of the permalink
 */

/**
 * @param {Line} line
 * @param {RowOptions} options
 */
export function makeRow(line, options) {
  const classes = ["row", line.kind, line.step, line.stream];
  if (line.index === options.current) classes.push("current");
  if (line.index === options.target) classes.push("target");
  const row = make("div", { class: classes.filter(Boolean).join(" ") });
  if (line.stream === "stderr") row.title = "standard error";
  row.append(numberOf(line));
  if (options.tag) row.append(make("span", { class: "tag" }, [line.step]));
  if (options.zone !== "off") row.append(timeOf(line, options.zone));
  const text = make("span", { class: "text", dir: "ltr" });
  const hits = options.pattern ? matchesIn(options.pattern, line.text.slice(0, SHOWN_CHARACTERS)) : [];
  for (const run of runsOf(line, hits)) text.append(...nodesOf(run));
  text.append(...notesOf(line));
  row.append(text);
  return row;
}

/** @param {Line} line */
function numberOf(line) {
  if (line.kind !== "line" || line.seq === 0) return make("span", { class: "num" });
  const label = `Line ${line.seq} of ${line.step}${line.stream === "stderr" ? ", standard error" : ""}`;
  return make("a", { class: "num", href: lineLink(line), "aria-label": label, tabindex: "-1" }, [
    String(line.seq),
  ]);
}

/**
 * @param {Line} line
 * @param {Zone} zone
 */
function timeOf(line, zone) {
  const { date, time } = moment(line.time, zone);
  return make("span", { class: `at ${zone}` }, [make("span", { class: "date" }, [date && `${date} `]), time]);
}

/**
 * @param {Run} run
 * @returns {(Node | string)[]}
 */
function nodesOf(run) {
  const pieces = visiblePieces(run.text).map((piece) =>
    piece.mark === null ? piece.text : make("span", { class: "mark", title: piece.mark }, [piece.text])
  );
  if (run.style === null && !run.hit) return pieces;
  const element = make(run.hit ? "mark" : "span", { class: "s" }, pieces);
  if (run.style) applyStyle(element, run.style);
  return [element];
}

/**
 * @param {HTMLElement} element
 * @param {import("./sgr.js").Style} style
 */
function applyStyle(element, style) {
  for (const name of /** @type {const} */ (["bold", "dim", "italic", "underline", "strike", "inverse"])) {
    if (style[name]) element.classList.add(name);
  }
  for (const ground of /** @type {const} */ (["fg", "bg"])) {
    const color = style[ground];
    if (color === null) continue;
    element.classList.add(ground);
    element.style.setProperty(`--${ground}`, typeof color === "number" ? `var(--ansi-${color})` : color);
  }
}

/**
 * What is to be said of a line beside its text.
 *
 * @param {Line} line
 * @returns {Node[]}
 */
function notesOf(line) {
  /** @type {Node[]} */
  const notes = [];
  const hidden = line.text.length - SHOWN_CHARACTERS;
  if (hidden > 0) {
    const open = { type: "button", class: "chip", "data-open": String(line.index), tabindex: "-1" };
    notes.push(make("button", open, [`… ${counted(hidden, "more character")}`]));
  }
  if (line.rewrites > 0) {
    const title = `${counted(line.rewrites, "earlier state")} of this line, overwritten by the program`;
    notes.push(make("span", { class: "chip", title }, [`↻ ${fullCount(line.rewrites)}`]));
  }
  if (line.truncated > 0) {
    const title = `The line had ${counted(line.truncated, "byte")}; only its beginning was kept.`;
    notes.push(make("span", { class: "chip warn", title }, [`cut, was ${counted(line.truncated, "byte")}`]));
  }
  if (line.lossy) {
    const title = "Some bytes of this line are not UTF-8 and are shown as \ufffd.";
    notes.push(make("span", { class: "chip warn", title }, ["not UTF-8"]));
  }
  return notes;
}
