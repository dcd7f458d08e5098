/**
 * Sets of characters (code points), as patterns use them. Pure.
 *
 * @module
 */

/** First and last code point, both included. */
export type CharRange = readonly [first: number, last: number];

/** What U+0000 is stored as, see `plain_event.ts`: a set with one of them has both. */
const NUL_SIGN = 0x2400;
const LAST = 0x10ffff;

/** Sorted ranges that do not touch. */
export type CharSet = readonly CharRange[];

/** All characters. */
export const ANY_CHAR: CharSet = [[0, LAST]];
/** What `\d` stands for. */
export const DIGITS: CharSet = [[0x30, 0x39]];
/** What `\w` stands for, and words are made of: ASCII alone, so that no server's locale has a say. */
export const WORD_CHARS: CharSet = [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
/** What `\s` stands for. */
export const SPACES: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/** The set of all that is in any of `ranges`. */
export function charSet(ranges: Iterable<CharRange>): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  if (sorted.some(([first]) => first === 0)) sorted.push([NUL_SIGN, NUL_SIGN]);
  sorted.sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = joined.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

/** All characters that are not in `set`. */
export function complement(set: CharSet): CharSet {
  const rest: CharRange[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  return next <= LAST ? [...rest, [next, LAST]] : rest;
}

/** `set` and, for each of its letters, the same letter in the other case. */
export function inBothCases(set: CharSet): CharSet {
  const more: CharRange[] = [];
  for (const [a, b] of casePairs()) {
    if (hasChar(set, a)) more.push([b, b]);
    if (hasChar(set, b)) more.push([a, a]);
  }
  return more.length === 0 ? set : charSet([...set, ...more]);
}

/** Whether a code point is in the set. */
export function hasChar(set: CharSet, char: number): boolean {
  for (const [first, last] of set) {
    if (char <= last) return char >= first;
  }
  return false;
}

let pairs: CharRange[] | null = null;

/** Letters of one character in either case, such as `a` and `A`. */
function casePairs(): CharRange[] {
  if (pairs) return pairs;
  pairs = [];
  for (let char = 0x41; char <= 0x1e943; char++) {
    const text = String.fromCodePoint(char);
    for (const other of new Set([text.toLowerCase(), text.toUpperCase()])) {
      const code = other.codePointAt(0) ?? char;
      if (other !== text && other.length === String.fromCodePoint(code).length) pairs.push([char, code]);
    }
    if (char === 0x587) char = 0x109f; // scripts without cases in between
    if (char === 0x2184) char = 0x2bff;
    if (char === 0x2d2d) char = 0xa63f;
    if (char === 0xabbf) char = 0xff20;
    if (char === 0xff5a) char = 0x103ff;
  }
  return pairs;
}
