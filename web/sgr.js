// @ts-check
/**
 * SGR, the control sequences that colour text: parameters in, style out. Pure; equal styles are one object.
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

/** @type {Style} no colour, no weight; compare with `===` */
export const PLAIN = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
});

/** @type {Map<string, Style>} equal styles are one object, however many lines use them */
const INTERNED = new Map();

/**
 * The style after one SGR sequence.
 *
 * @param {Style} style
 * @param {string} parameters as between `CSI` and `m`
 * @returns {Style}
 */
export function applySgr(style, parameters) {
  if (parameters === "" || parameters === "0") return PLAIN;
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
