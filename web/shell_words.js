// @ts-check
/**
 * Text as typed on a shell's command line ↔ a list of words. Quotes and backslashes mean what they mean in `sh`;
 * nothing is expanded.
 *
 * @module
 */

/** A quote was opened and never closed, or a backslash has nothing after it. */
export class ShellSyntaxError extends Error {
  /** @override */
  name = "ShellSyntaxError";
}

/**
 * Splits `--name "two words" it\'s` into its words. Line breaks separate words like blanks do.
 *
 * @param {string} text
 * @returns {string[]}
 * @throws {ShellSyntaxError}
 */
export function splitWords(text) {
  /** @type {string[]} */
  const words = [];
  /** @type {string | null} */
  let word = null;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (quote === "" && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (quote === "" && (char === "'" || char === '"')) {
      quote = char;
      word ??= "";
    } else if (char === quote) {
      quote = "";
    } else if (char === "\\" && quote !== "'") {
      i += 1;
      if (i >= text.length) {
        throw new ShellSyntaxError("Cannot split into words: nothing follows the last backslash");
      }
      word = (word ?? "") + escaped(text[i] ?? "", quote);
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== "") throw new ShellSyntaxError(`Cannot split into words: a ${quote} is not closed`);
  if (word !== null) words.push(word);
  return words;
}

/**
 * What a backslash before `char` yields: between double quotes it is an ordinary character except before `"`, `\`,
 * `$` and a backquote; a line break after it vanishes.
 *
 * @param {string} char
 * @param {string} quote
 */
function escaped(char, quote) {
  if (char === "\n") return "";
  if (quote === '"' && !'"\\$`'.includes(char)) return `\\${char}`;
  return char;
}

/**
 * Writes words so that {@linkcode splitWords} (and a shell) reads the same words again.
 *
 * @param {readonly string[]} words
 */
export function joinWords(words) {
  return words.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}
