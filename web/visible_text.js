// @ts-check
/**
 * Characters that a page would hide, or that would change what the reader believes to read (controls, bidirectional
 * overrides, zero-width and tag characters), as visible marks.
 *
 * @module
 */

/**
 * @typedef {{ text: string, mark: string | null }} Piece Plain text, or a mark with the character's name: what is shown
 *   in its place (`^@`, `U+202E`) is then the text.
 */

/** Stands for a terminal's control sequence that carried text of its own. */
export const SEQUENCE_MARK = "\u241b";

// Tab stays a tab. Joiners (U+200C, U+200D) stay: emoji and several scripts need them.
const HIDDEN =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u241b\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** @type {Readonly<Record<number, string>>} */
const NAMES = {
  0x061c: "Arabic letter mark",
  0x200b: "zero-width space",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "pop directional formatting",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "pop directional isolate",
  0xfeff: "byte order mark",
};

/**
 * Cuts text into plain pieces and marks, in order.
 *
 * @param {string} text
 * @returns {Piece[]}
 */
export function visiblePieces(text) {
  HIDDEN.lastIndex = 0;
  let match = HIDDEN.exec(text);
  if (!match) return text === "" ? [] : [{ text, mark: null }];
  /** @type {Piece[]} */
  const pieces = [];
  let from = 0;
  for (; match; match = HIDDEN.exec(text)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), mark: null });
    pieces.push(markOf(match[0].codePointAt(0) ?? 0));
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), mark: null });
  return pieces;
}

/**
 * The same text with every hidden character written out, for places that take strings only.
 *
 * @param {string} text
 */
export function visibleText(text) {
  return visiblePieces(text).map((piece) => piece.text).join("");
}

/**
 * @param {number} code
 * @returns {Piece}
 */
function markOf(code) {
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  if (code < 0x20 || code === 0x7f) {
    return { text: `^${String.fromCodePoint(code ^ 0x40)}`, mark: `control character ${hex}` };
  }
  if (code === 0x241b) return { text: "^[", mark: "control sequence with hidden text, removed" };
  const name = NAMES[code] ?? (code < 0xa0 ? "control character" : "invisible character");
  return { text: hex, mark: `${name} ${hex}` };
}
