/**
 * Patterns as Postgres's advanced regular expressions. Pure.
 *
 * Every character is written so that it can mean nothing else. Without back-references Postgres matches with an
 * automaton, in time that grows with the line.
 *
 * @module
 */
import { ANY_CHAR, type CharSet, WORD_CHARS } from "./char_set.ts";
import type { Pattern, Place } from "./pattern.ts";

const WORD = bracket(WORD_CHARS);
const PLACES: Readonly<Record<Place, string>> = {
  begin: "^",
  end: "$",
  "word-edge": `(?:(?<!${WORD})(?=${WORD})|(?<=${WORD})(?!${WORD}))`,
  "no-word-edge": `(?:(?<!${WORD})(?!${WORD})|(?<=${WORD})(?=${WORD}))`,
};

/** The right side of `line COLLATE "C" ~ …`. */
export function postgresPattern(pattern: Pattern): string {
  switch (pattern.kind) {
    case "chars":
      return ofChars(pattern.set);
    case "place":
      return PLACES[pattern.place];
    case "sequence":
      return pattern.parts.length === 0 ? "()" : pattern.parts.map(grouped).join("");
    case "choice":
      return pattern.parts.map(postgresPattern).join("|");
    case "repeat": {
      const { least, most } = pattern;
      return `(?:${postgresPattern(pattern.part)}){${least},${most === Infinity ? "" : most}}`;
    }
  }
}

function grouped(pattern: Pattern): string {
  return pattern.kind === "choice" ? `(?:${postgresPattern(pattern)})` : postgresPattern(pattern);
}

function ofChars(set: CharSet): string {
  if (set === ANY_CHAR) return ".";
  const [only, ...more] = set;
  if (!only) return "(?:$.)"; // what nothing matches
  return more.length === 0 && only[0] === only[1] ? char(only[0]) : bracket(set);
}

function bracket(set: CharSet): string {
  const ranges = set.filter(([, last]) => last > 0).map(([first, last]) =>
    [Math.max(1, first), last] as const
  );
  return `[${ranges.map(([a, b]) => a === b ? char(a) : `${char(a)}-${char(b)}`).join("")}]`;
}

/** A letter or digit as it is, anything else by its number. */
function char(code: number): string {
  const text = String.fromCodePoint(code);
  return /[0-9A-Za-z]/.test(text) ? text : `\\U${code.toString(16).padStart(8, "0")}`;
}
