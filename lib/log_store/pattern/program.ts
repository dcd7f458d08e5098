/**
 * Patterns as programs for a machine that is at many places at once. Pure.
 *
 * @module
 */
import type { CharSet } from "./char_set.ts";
import type { Pattern, Place } from "./pattern.ts";

/** One instruction; where none is named the machine goes on with the following one. */
export type Instruction =
  | { readonly op: "chars"; readonly set: CharSet }
  | { readonly op: "place"; readonly place: Place }
  /** Goes on at each of these. */
  | { readonly op: "fork"; readonly to: number[] }
  | { readonly op: "match" };

/** The program of a pattern; it starts at its first instruction. */
export function programOf(pattern: Pattern): Instruction[] {
  const program: Instruction[] = [];
  append(program, pattern);
  program.push({ op: "match" });
  return program;
}

function append(program: Instruction[], pattern: Pattern): void {
  switch (pattern.kind) {
    case "chars":
      program.push({ op: "chars", set: pattern.set });
      break;
    case "place":
      program.push({ op: "place", place: pattern.place });
      break;
    case "sequence":
      for (const part of pattern.parts) append(program, part);
      break;
    case "choice":
      appendChoice(program, pattern.parts);
      break;
    case "repeat":
      appendRepeat(program, pattern.part, pattern.least, pattern.most);
      break;
  }
}

function appendChoice(program: Instruction[], parts: readonly Pattern[]): void {
  const starts: number[] = [];
  const ends: number[][] = [];
  program.push({ op: "fork", to: starts });
  for (const part of parts) {
    starts.push(program.length);
    append(program, part);
    const end: number[] = [];
    ends.push(end);
    program.push({ op: "fork", to: end });
  }
  for (const end of ends) end.push(program.length);
}

function appendRepeat(program: Instruction[], part: Pattern, least: number, most: number): void {
  for (let times = 0; times < least; times++) append(program, part);
  if (most === Infinity) {
    const start = program.length;
    const to = [start + 1];
    program.push({ op: "fork", to });
    append(program, part);
    program.push({ op: "fork", to: [start] });
    to.push(program.length);
    return;
  }
  const skips: number[][] = [];
  for (let times = least; times < most; times++) {
    const to = [program.length + 1];
    skips.push(to);
    program.push({ op: "fork", to });
    append(program, part);
  }
  for (const to of skips) to.push(program.length);
}
