/**
 * What the json-file log driver makes of bytes that are not UTF-8: each such byte becomes U+FFFD. (The text
 * decoders of JavaScript merge neighbouring ones, so they do not serve here.)
 *
 * @module
 */
const REPLACEMENT = [0xef, 0xbf, 0xbd] as const;

/** `bytes` with each byte that is no part of a UTF-8 character replaced; the same array if there is none. */
export function validUtf8(bytes: Uint8Array): Uint8Array {
  const bad: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = (bytes[at] ?? 0) < 0x80 ? 1 : characterSize(bytes, at);
    if (size === 0) bad.push(at);
    at += size || 1;
  }
  if (bad.length === 0) return bytes;
  const out = new Uint8Array(bytes.length + 2 * bad.length);
  let from = 0;
  let to = 0;
  for (const at of bad) {
    out.set(bytes.subarray(from, at), to);
    to += at - from;
    out.set(REPLACEMENT, to);
    to += REPLACEMENT.length;
    from = at + 1;
  }
  out.set(bytes.subarray(from), to);
  return out;
}

/** Bytes of the character of two to four bytes that begins at `at`; 0 if there is none. */
function characterSize(bytes: Uint8Array, at: number): 0 | 2 | 3 | 4 {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(at, at + 4);
  const size = first >= 0xc2 && first <= 0xdf
    ? 2
    : (first & 0xf0) === 0xe0
    ? 3
    : first >= 0xf0 && first <= 0xf4
    ? 4
    : 0;
  if (size === 0 || !continues(second) || !secondFits(first, second)) return 0;
  if (size >= 3 && !continues(third)) return 0;
  return size === 4 && !continues(fourth) ? 0 : size;
}

function continues(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** Rules out overlong forms, surrogates and what lies beyond U+10FFFF. */
function secondFits(first: number, second: number): boolean {
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second <= 0x9f;
  if (first === 0xf0) return second >= 0x90;
  return first !== 0xf4 || second <= 0x8f;
}
