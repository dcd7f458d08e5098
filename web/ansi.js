// @ts-check
/**
 * What a terminal would have made of one log line: its last state in plain text, and where it is coloured.
 *
 * Only SGR (colours and weights) and the way back to the line's start (`\r`, `CSI G`) are understood. Other control
 * sequences have no effect: those without a payload vanish, those that carry text (titles, links, device strings)
 * leave a mark. Colours end with the line, so that a program that never resets them spoils nothing below it.
 *
 * @module
 */
import { SHOWN_CHARACTERS } from "./line_pieces.js";
import { applySgr, PLAIN } from "./sgr.js";
import { SEQUENCE_MARK } from "./visible_text.js";
/** @import { Style } from "./sgr.js" */

/** @typedef {{ from: number, to: number, style: Style }} Span A styled run of the plain text, end exclusive. */
/**
 * @typedef {object} TerminalLine
 * @property {string} text the line's last state
 * @property {Span[]} spans styled runs in order, without overlap; none that begin beyond what is shown of a line
 * @property {number} rewrites how many earlier states of the line were overwritten
 */

// deno-lint-ignore no-control-regex
const CONTROLS = /\x1b|\r/;
// deno-lint-ignore no-control-regex
const CSI = /\x1b\[([\x30-\x3f]*)[\x20-\x2f]*([\x40-\x7e])/y;
// deno-lint-ignore no-control-regex
const STRING_SEQUENCE = /\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)/y;
// deno-lint-ignore no-control-regex
const SHORT_SEQUENCE = /\x1b[\x20-\x2f]*[\x30-\x7e]/y;

/**
 * Reads one line as a program wrote it.
 *
 * @param {string} raw
 * @returns {TerminalLine}
 */
export function parseTerminalLine(raw) {
  if (!CONTROLS.test(raw)) return { text: raw, spans: [], rewrites: 0 };
  const pen = new Pen();
  let at = 0;
  while (at < raw.length) {
    const char = raw[at];
    if (char === "\r") {
      pen.home();
      at += 1;
    } else if (char === "\x1b") {
      at = readSequence(raw, at, pen);
    } else {
      const end = nextControl(raw, at);
      pen.write(raw.slice(at, end));
      at = end;
    }
  }
  return pen.line();
}

/**
 * @param {string} raw
 * @param {number} at
 */
function nextControl(raw, at) {
  const escape = raw.indexOf("\x1b", at);
  const carriage = raw.indexOf("\r", at);
  return Math.min(escape < 0 ? raw.length : escape, carriage < 0 ? raw.length : carriage);
}

/**
 * Carries out the escape sequence at `at`.
 *
 * @param {string} raw
 * @param {number} at
 * @param {Pen} pen
 * @returns {number} where it ends
 */
function readSequence(raw, at, pen) {
  const csi = matchAt(CSI, raw, at);
  if (csi) {
    const [all, parameters = "", final] = csi;
    if (final === "m") pen.style = applySgr(pen.style, parameters);
    else if (final === "G" && /^[01]?$/.test(parameters)) pen.home();
    return at + all.length;
  }
  const text = matchAt(STRING_SEQUENCE, raw, at);
  if (text) {
    pen.write(SEQUENCE_MARK);
    return at + text[0].length;
  }
  const short = matchAt(SHORT_SEQUENCE, raw, at);
  if (short && !/[[\]PX^_]/.test(short[0].slice(-1))) return at + short[0].length;
  pen.write(SEQUENCE_MARK);
  return at + 1;
}

/**
 * @param {RegExp} sticky
 * @param {string} raw
 * @param {number} at
 */
function matchAt(sticky, raw, at) {
  sticky.lastIndex = at;
  return sticky.exec(raw);
}

/** Writes text in the current style, and knows that writing at the line's start begins a new state of it. */
class Pen {
  /** @type {Style} */
  style = PLAIN;
  #text = "";
  /** @type {Span[]} */
  #spans = [];
  #atHome = false;
  #rewrites = 0;
  /** @type {{ text: string, spans: Span[] }} the last state that showed anything */
  #shown = { text: "", spans: [] };

  home() {
    this.#atHome = true;
  }

  /** @param {string} text */
  write(text) {
    if (this.#atHome) this.#beginState();
    const from = this.#text.length;
    this.#text += text;
    if (this.style === PLAIN || from >= SHOWN_CHARACTERS) return;
    const last = this.#spans.at(-1);
    if (last && last.to === from && last.style === this.style) last.to = this.#text.length;
    else this.#spans.push({ from, to: this.#text.length, style: this.style });
  }

  #beginState() {
    this.#atHome = false;
    if (this.#text.trim() !== "") {
      this.#shown = { text: this.#text, spans: this.#spans };
      this.#rewrites += 1;
    }
    this.#text = "";
    this.#spans = [];
  }

  /** The last state that is not blank: a bar that was cleared at its end stays readable. */
  line() {
    const blank = this.#text.trim() === "" && this.#shown.text !== "";
    const { text, spans } = blank ? this.#shown : { text: this.#text, spans: this.#spans };
    return { text, spans, rewrites: blank ? this.#rewrites - 1 : this.#rewrites };
  }
}
