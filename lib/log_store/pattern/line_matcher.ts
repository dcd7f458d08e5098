/**
 * Matches lines in this process, for stores whose server cannot: in time that grows with the line alone, whatever
 * the pattern.
 *
 * The machine's places after a character depend on those before it and on the character; each set of places is a
 * state, made when it is first reached and remembered.
 *
 * @module
 */
import { type CharSet, hasChar, WORD_CHARS } from "./char_set.ts";
import type { Pattern, Place } from "./pattern.ts";
import { type Instruction, programOf } from "./program.ts";

/** What is beside a place in the line. */
type Beside = "edge" | "word" | "other";

/** Places the machine is at, before it has looked at what is beside them. */
interface State {
  readonly places: readonly number[];
  readonly before: Beside;
  /** By class of the next character: the state after it, or true where the line matches. */
  readonly after: (State | true)[];
  /** Whether a line that ends here matches. */
  atEnd?: boolean;
}

/** States remembered at most. */
const MAX_STATES = 1_000;
/** Most instructions that may be looked at to make states. */
const MAX_STEPS = 4_000_000;

/** The pattern makes this machine think about every character: it is too costly. */
export class MatchEffortError extends Error {
  override readonly name = "MatchEffortError";
}

/** A pattern ready to be tried on any number of lines. */
export class LineMatcher {
  readonly #program: readonly Instruction[];
  /** Where classes of characters begin: the pattern cannot tell apart what is between two of these. */
  readonly #cuts: readonly number[];
  readonly #ascii: readonly number[];
  #states = new Map<string, State>();
  #steps = 0;
  #start: State;

  constructor(pattern: Pattern) {
    this.#program = programOf(pattern);
    this.#cuts = cutsOf(this.#program);
    this.#ascii = Array.from({ length: 128 }, (_, char) => this.#search(char));
    this.#start = this.#state([], "edge");
  }

  /** Whether any part of the line matches. @throws {MatchEffortError} */
  test(line: string): boolean {
    let state = this.#start;
    for (let at = 0; at < line.length; at++) {
      const char = line.codePointAt(at) ?? 0;
      if (char > 0xffff) at++;
      const kind = char < 128 ? this.#ascii[char] ?? 0 : this.#search(char);
      const after = state.after[kind] ??= this.#after(state, kind);
      if (after === true) return true;
      state = after;
    }
    return state.atEnd ??= this.#reached(state, "edge").matches;
  }

  #after(state: State, kind: number): State | true {
    const char = this.#cuts[kind] ?? 0;
    const beside = hasChar(WORD_CHARS, char) ? "word" : "other";
    const { places, matches } = this.#reached(state, beside);
    if (matches) return true;
    const next = places.filter((place) => {
      const instruction = this.#program[place];
      return instruction?.op === "chars" && hasChar(instruction.set, char);
    });
    return this.#state(next.map((place) => place + 1), beside);
  }

  /** Everything the machine can be at without reading on; a match may begin at any place of the line. */
  #reached({ places, before }: State, next: Beside): { places: number[]; matches: boolean } {
    const seen = new Set<number>();
    const open = [...places, 0];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const instruction = this.#program[place];
      if (!instruction || seen.size === seen.add(place).size) continue;
      if (instruction.op === "match") return { places: [], matches: true };
      if (instruction.op === "fork") open.push(...instruction.to);
      if (instruction.op === "place" && isAt(instruction.place, before, next)) open.push(place + 1);
    }
    this.#steps += seen.size;
    if (this.#steps > MAX_STEPS) throw new MatchEffortError("Cannot match a line: the pattern is too costly");
    return { places: [...seen], matches: false };
  }

  #state(places: number[], before: Beside): State {
    places.sort((a, b) => a - b);
    const key = `${before} ${places.join(" ")}`;
    const known = this.#states.get(key);
    if (known) return known;
    if (this.#states.size >= MAX_STATES) this.#forget();
    const state: State = { places, before, after: [] };
    this.#states.set(key, state);
    return state;
  }

  /** States still in hand stay usable; they are only no longer found. */
  #forget(): void {
    this.#states = new Map();
    this.#start = { places: [], before: "edge", after: [] };
  }

  /** The class of a character: how many cuts are at or before it, less one. */
  #search(char: number): number {
    let [low, high] = [0, this.#cuts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#cuts[middle] ?? 0) <= char) low = middle;
      else high = middle;
    }
    return low;
  }
}

function cutsOf(program: readonly Instruction[]): number[] {
  const sets: CharSet[] = [WORD_CHARS];
  for (const instruction of program) if (instruction.op === "chars") sets.push(instruction.set);
  const cuts = new Set([0]);
  for (const set of sets) for (const [first, last] of set) cuts.add(first).add(last + 1);
  return [...cuts].sort((a, b) => a - b);
}

function isAt(place: Place, before: Beside, next: Beside): boolean {
  const edge = (before === "word") !== (next === "word");
  switch (place) {
    case "begin":
      return before === "edge";
    case "end":
      return next === "edge";
    case "word-edge":
      return edge;
    case "no-word-edge":
      return !edge;
  }
}
