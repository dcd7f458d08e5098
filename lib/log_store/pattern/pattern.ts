/**
 * What a line is searched for, as a tree. Pure.
 *
 * @module
 */
import type { CharSet } from "./char_set.ts";

/** Places between characters: begin and end of the line, begin or end of a word, and neither. */
export type Place = "begin" | "end" | "word-edge" | "no-word-edge";

/** A pattern matches a line if any part of the line does. */
export type Pattern =
  | { readonly kind: "chars"; readonly set: CharSet }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Pattern[] }
  | { readonly kind: "repeat"; readonly part: Pattern; readonly least: number; readonly most: number };

/** Patterns beyond this many places, with repeats written out, are refused. */
export const MAX_PATTERN_SIZE = 2_000;

/** A text is no pattern, or one that is not supported. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/** How many places a pattern has when its repeats are written out. */
export function sizeOf(pattern: Pattern): number {
  switch (pattern.kind) {
    case "chars":
    case "place":
      return 1;
    case "repeat": {
      const times = pattern.most === Infinity ? pattern.least + 1 : pattern.most;
      return 1 + sizeOf(pattern.part) * Math.max(1, times);
    }
    default:
      return 1 + pattern.parts.reduce((sum, part) => sum + sizeOf(part), 0);
  }
}

/**
 * The longest text that every match contains, and whether containing it is all that a match needs: finding a text
 * takes a fraction of the time.
 */
export function requiredText(pattern: Pattern): { text: string; isAll: boolean } {
  const parts = pattern.kind === "sequence" ? pattern.parts : [pattern];
  const runs = [""];
  let isAll = true;
  for (const part of parts) {
    const [range, ...more] = part.kind === "chars" ? part.set : [];
    if (range && more.length === 0 && range[0] === range[1]) {
      runs.push((runs.pop() ?? "") + String.fromCodePoint(range[0]));
    } else {
      isAll = false;
      runs.push("");
    }
  }
  return { text: runs.reduce((longest, run) => run.length > longest.length ? run : longest), isAll };
}
