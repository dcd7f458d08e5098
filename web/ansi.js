// @ts-check
/**
 * What a terminal would have made of one log line: its last state in plain text, and where it is coloured.
 *
 * Only SGR (colours and weights) and the way back to the line's start (`\r`, `CSI G`) are understood. Other control
 * sequences have no effect: those without a payload vanish, those that carry text (titles, links, device strings)
 * leave a visible `␛`. Colours end with the line, so that a program that never resets them spoils nothing below it.
 *
 * @module
 */

/**
 * @typedef {object} Style How a run of text looks. A colour is a palette index (0-15) or `#rrggbb`.
 * @property {number | string | null} fg
 * @property {number | string | null} bg
 * @property {boolean} bold
 * @property {boolean} dim
 * @property {boolean} italic
 * @property {boolean} underline
 * @property {boolean} strike
 * @property {boolean} inverse
 */
/** @typedef {{ from: number, to: number, style: Style }} Span A styled run of the plain text, end exclusive. */
/**
 * @typedef {object} TerminalLine
 * @property {string} text the line's last state
 * @property {Span[]} spans styled runs in order, without overlap
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
const ESCAPE_MARK = "\u241b";

/** @type {Style} */
const PLAIN = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
});

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
    pen.write(ESCAPE_MARK);
    return at + text[0].length;
  }
  const short = matchAt(SHORT_SEQUENCE, raw, at);
  if (short && !/[[\]PX^_]/.test(short[0].slice(-1))) return at + short[0].length;
  pen.write(ESCAPE_MARK);
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
    if (this.style === PLAIN) return;
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

/** @type {Map<string, Style>} equal styles are one object, however many lines use them */
const INTERNED = new Map();

/**
 * The style after one SGR sequence.
 *
 * @param {Style} style
 * @param {string} parameters as between `CSI` and `m`
 * @returns {Style}
 */
function applySgr(style, parameters) {
  const next = { ...style };
  const codes = parameters.split(";").map((part) => part.split(":"));
  for (let i = 0; i < codes.length; i++) {
    const part = codes[i] ?? [];
    const code = Number(part[0] || 0);
    if (code === 38 || code === 48) {
      const { color, used } = extendedColor(part, codes.slice(i + 1, i + 5).map((p) => Number(p[0] || 0)));
      i += used;
      if (color !== null) next[code === 38 ? "fg" : "bg"] = color;
    } else {
      applyCode(next, code, part);
    }
  }
  return interned(next);
}

/** @param {Style} style */
function interned(style) {
  const key = Object.values(style).join();
  if (key === Object.values(PLAIN).join()) return PLAIN;
  const known = INTERNED.get(key);
  if (known) return known;
  if (INTERNED.size < 10_000) INTERNED.set(key, style);
  return style;
}

/**
 * @param {Style} style changed in place
 * @param {number} code
 * @param {string[]} part the code with its colon-separated sub-parameters
 */
function applyCode(style, code, part) {
  if (code === 0) Object.assign(style, PLAIN);
  else if (code === 1) style.bold = true;
  else if (code === 2) style.dim = true;
  else if (code === 22) style.bold = style.dim = false;
  else if (code === 3 || code === 23) style.italic = code === 3;
  else if (code === 4 || code === 24) style.underline = code === 4 && part[1] !== "0";
  else if (code === 9 || code === 29) style.strike = code === 9;
  else if (code >= 30 && code <= 37) style.fg = code - 30;
  else if (code >= 90 && code <= 97) style.fg = code - 82;
  else if (code >= 40 && code <= 47) style.bg = code - 40;
  else if (code >= 100 && code <= 107) style.bg = code - 92;
  else if (code === 39) style.fg = null;
  else if (code === 49) style.bg = null;
  else if (code === 7 || code === 27) style.inverse = code === 7;
}

/**
 * The colour of a `38` or `48`, in its colon form (`38:5:n`, `38:2::r:g:b`) or its semicolon form.
 *
 * @param {string[]} part
 * @param {number[]} following the codes after it
 * @returns {{ color: number | string | null, used: number }} and how many of the following codes belong to it
 */
function extendedColor(part, following) {
  if (part.length > 1) {
    const numbers = part.slice(1).map((text) => Number(text || 0));
    if (numbers[0] === 5) return { color: indexedColor(numbers[1] ?? 0), used: 0 };
    return { color: numbers[0] === 2 ? rgb(numbers.slice(-3)) : null, used: 0 };
  }
  if (following[0] === 5) return { color: indexedColor(following[1] ?? 0), used: 2 };
  if (following[0] === 2) return { color: rgb(following.slice(1, 4)), used: 4 };
  return { color: null, used: 0 };
}

/**
 * A colour of the 256: the first 16 stay palette indices, so that the theme decides them.
 *
 * @param {number} index
 */
function indexedColor(index) {
  if (index < 16) return Math.max(0, Math.trunc(index) || 0);
  if (index >= 232) return rgb(Array(3).fill(8 + 10 * (index - 232)));
  const cube = index - 16;
  const level = (/** @type {number} */ n) => (n % 6 === 0 ? 0 : 55 + 40 * (n % 6));
  return rgb([level(Math.floor(cube / 36)), level(Math.floor(cube / 6)), level(cube)]);
}

/** @param {number[]} channels */
function rgb(channels) {
  const hex = [0, 1, 2].map((i) => {
    const value = Math.min(255, Math.max(0, Math.trunc(channels[i] ?? 0) || 0));
    return value.toString(16).padStart(2, "0");
  });
  return `#${hex.join("")}`;
}
