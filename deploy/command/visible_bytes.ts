/**
 * Bytes and text that somebody else wrote, in a form that does nothing to a terminal and hides nothing (G13).
 *
 * @module
 */

// Controls, formats (bidirectional ones among them), what has no character, separators of lines, blank letters.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line of printable text; what is not printable is written as in a JavaScript string. */
export function visibleText(text: string): string {
  return text.replaceAll("\\", "\\\\").replace(UNSAFE, (char) => {
    return SHORT[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** The same for bytes: those that are no UTF-8 are written as `\xff`. */
export function visibleBytes(bytes: Uint8Array): string {
  let shown = "";
  for (let at = 0; at < bytes.length;) {
    const end = endOfText(bytes, at);
    if (end > at) {
      shown += visibleText(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at, end)));
    } else shown += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
    at = Math.max(end, at + 1);
  }
  return shown;
}

/** JSON on one line, all of it printable. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (char) => {
    return char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
  });
}

/** Where the run of proper UTF-8 that begins at `from` ends. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const length = lengthOfCharacter(bytes, at);
    if (length === 0) break;
    at += length;
  }
  return at;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of the character that begins here; 0 if none does. */
function lengthOfCharacter(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
