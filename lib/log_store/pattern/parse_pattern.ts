/**
 * Regular expressions as people write them, read into patterns.
 *
 * What every flavour has in common and a machine can match in time that grows with the line alone: characters,
 * `.`, `[…]`, `\d \w \s \b` and their opposites, `^ $`, `|`, `(…)`, `* + ? {n,m}`. Back-references and
 * look-around are refused: a hostile one could take for ever.
 *
 * @module
 */
import {
  ANY_CHAR,
  type CharSet,
  charSet,
  complement,
  DIGITS,
  inBothCases,
  SPACES,
  WORD_CHARS,
} from "./char_set.ts";
import { MAX_PATTERN_SIZE, type Pattern, PatternError, sizeOf } from "./pattern.ts";

/** How a pattern is read. */
export interface PatternOptions {
  /** Whether `a` also stands for `A`. @default false */
  readonly ignoreCase?: boolean;
}

const MAX_DEPTH = 50;
const MAX_TIMES = 255;
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD_CHARS,
  W: complement(WORD_CHARS),
  s: SPACES,
  S: complement(SPACES),
};
const BOUNDS = /\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/y;
const CODE = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}/y;

/** Reads a regular expression. @throws {PatternError} which says what is wrong where. */
export function parsePattern(text: string, options: PatternOptions = {}): Pattern {
  const pattern = new Reader(text, options.ignoreCase ?? false).whole();
  if (sizeOf(pattern) <= MAX_PATTERN_SIZE) return pattern;
  throw new PatternError(`too complex: expected at most ${MAX_PATTERN_SIZE} places with repeats written out`);
}

/** The pattern of a plain text, in which nothing has a meaning. */
export function textPattern(text: string, { ignoreCase = false }: PatternOptions = {}): Pattern {
  const parts = Array.from(text, (char): Pattern => {
    const set = charSet([[codeOf(char), codeOf(char)]]);
    return { kind: "chars", set: ignoreCase ? inBothCases(set) : set };
  });
  return { kind: "sequence", parts };
}

class Reader {
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string, readonly ignoreCase: boolean) {
    this.#chars = Array.from(text);
  }

  whole(): Pattern {
    const pattern = this.#choice();
    if (this.#at < this.#chars.length) throw this.#fault("there is no ( for this )");
    return pattern;
  }

  #choice(): Pattern {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: "choice", parts };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    for (let char = this.#next; char !== undefined && char !== "|" && char !== ")"; char = this.#next) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: "sequence", parts };
  }

  #repeated(part: Pattern): Pattern {
    const times = this.#times();
    if (!times) return part;
    if (part.kind === "place") throw this.#fault("a place cannot be repeated");
    this.#take("?"); // as few as possible: whether a line matches does not depend on it
    if (this.#times()) throw this.#fault("this repeats a repeat: put the inner one in ( )");
    return { kind: "repeat", part, least: times[0], most: times[1] };
  }

  #times(): [number, number] | null {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    const match = this.#matches(BOUNDS);
    if (!match) return null;
    const least = Number(match[1]);
    const most = match[3] !== undefined ? Number(match[3]) : match[2] ? Infinity : least;
    if (least > most) throw this.#fault("expected the smaller number first");
    if (Math.max(least, most === Infinity ? 0 : most) > MAX_TIMES) {
      throw this.#fault(`expected at most ${MAX_TIMES} times`);
    }
    return [least, most];
  }

  #atom(): Pattern {
    const char = this.#chars[this.#at++] ?? "";
    switch (char) {
      case "(":
        return this.#group();
      case "[":
        return this.#set();
      case ".":
        return { kind: "chars", set: ANY_CHAR };
      case "^":
        return { kind: "place", place: "begin" };
      case "$":
        return { kind: "place", place: "end" };
      case "\\":
        return this.#escaped();
      case "*":
      case "+":
      case "?":
        this.#at--;
        throw this.#fault("there is nothing to repeat");
      default:
        return this.#one(codeOf(char));
    }
  }

  #group(): Pattern {
    if (++this.#depth > MAX_DEPTH) throw this.#fault(`expected at most ${MAX_DEPTH} ( in each other`);
    if (this.#take("?")) {
      const named = this.#matches(/P?<[A-Za-z_]\w*>/y);
      if (!named && !this.#take(":")) {
        throw this.#fault("look-around and flags are not supported (for (?i) there is ignore_case)");
      }
    }
    const inner = this.#choice();
    if (!this.#take(")")) throw this.#fault("expected )");
    this.#depth--;
    return inner.kind === "place" ? { kind: "sequence", parts: [inner] } : inner;
  }

  #escaped(): Pattern {
    if (this.#take("b")) return { kind: "place", place: "word-edge" };
    if (this.#take("B")) return { kind: "place", place: "no-word-edge" };
    const meant = this.#escape();
    return typeof meant === "number" ? this.#one(meant) : this.#charsOf(meant);
  }

  /** What follows a backslash: a set or one character. */
  #escape(): CharSet | number {
    const coded = this.#matches(CODE);
    if (coded) return this.#code(coded[1] ?? coded[2] ?? coded[3] ?? "");
    const char = this.#chars[this.#at++];
    if (char === undefined) throw this.#fault("expected a character after \\");
    const set = CLASSES[char];
    if (set) return set;
    const control = CONTROLS[char];
    if (control !== undefined) return control;
    this.#at--;
    if (/[1-9]/.test(char)) throw this.#fault("back-references are not supported");
    if (/[A-Za-z]/.test(char)) throw this.#fault(`\\${char} has no meaning here`);
    this.#at++;
    return codeOf(char);
  }

  #code(hex: string): number {
    const code = parseInt(hex, 16);
    if (code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)) return code;
    throw this.#fault(`there is no character ${hex}`);
  }

  #set(): Pattern {
    const negated = this.#take("^");
    const parts: CharSet[] = [];
    while (!this.#take("]")) {
      if (this.#next === "[" && /[:.=]/.test(this.#chars[this.#at + 1] ?? "")) {
        throw this.#fault("classes like [:alpha:] are not supported");
      }
      parts.push(this.#member());
    }
    if (parts.length === 0) throw this.#fault("expected something in [ ]");
    const set = charSet(parts.flat());
    const folded = this.ignoreCase ? inBothCases(set) : set;
    return { kind: "chars", set: negated ? complement(folded) : folded };
  }

  /** A character, a range or a class between [ and ]. */
  #member(): CharSet {
    const first = this.#memberChar();
    if (typeof first !== "number") return first;
    if (this.#next !== "-" || (this.#chars[this.#at + 1] ?? "]") === "]") return [[first, first]];
    this.#at++;
    const last = this.#memberChar();
    if (typeof last !== "number") throw this.#fault("a range ends in a character");
    if (last < first) throw this.#fault("expected the smaller character first");
    return [[first, last]];
  }

  #memberChar(): CharSet | number {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw this.#fault("expected ]");
    if (char !== "\\") return codeOf(char);
    return this.#take("b") ? 8 : this.#escape();
  }

  #one(code: number): Pattern {
    return this.#charsOf(charSet([[code, code]]));
  }

  #charsOf(set: CharSet): Pattern {
    return { kind: "chars", set: this.ignoreCase ? inBothCases(set) : set };
  }

  get #next(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(char: string): boolean {
    if (this.#next !== char) return false;
    this.#at++;
    return true;
  }

  #matches(pattern: RegExp): RegExpExecArray | null {
    const ahead = this.#chars.slice(this.#at, this.#at + 64).join("");
    pattern.lastIndex = 0;
    const match = pattern.exec(ahead);
    if (match) this.#at += Array.from(match[0]).length;
    return match;
  }

  #fault(what: string): PatternError {
    return new PatternError(
      `not a regular expression that is supported: ${what} (at character ${this.#at + 1})`,
    );
  }
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
