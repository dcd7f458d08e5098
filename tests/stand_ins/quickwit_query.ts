/**
 * The part of Quickwit's query language that this project speaks, parsed by its own grammar: terms, phrases, sets,
 * ranges, `*`, `AND`, `OR`, `NOT`, parentheses. What cannot be parsed is an error, as with Quickwit.
 *
 * @module
 */

/** A query that Quickwit would answer with 400. */
export class QuerySyntaxError extends Error {
  override readonly name = "QuerySyntaxError";
}

/** One end of a range; null is open. */
export type Bound = { readonly value: string; readonly inclusive: boolean } | null;

/** A parsed query. `field` null: the default search fields. */
export type Query =
  | { readonly kind: "all" }
  | { readonly kind: "text"; readonly field: string | null; readonly text: string }
  | { readonly kind: "set"; readonly field: string; readonly texts: ReadonlySet<string> }
  | { readonly kind: "range"; readonly field: string; readonly lower: Bound; readonly upper: Bound }
  | { readonly kind: "exists"; readonly field: string }
  | { readonly kind: "and" | "or"; readonly parts: readonly Query[] }
  | { readonly kind: "not"; readonly part: Query };

const FIELD = /([a-zA-Z][\w.-]*):\s*/y;
const WORD = /[^\s:^{}"'[\]()`\-!*~+\\][^\s:^{}"[\]()!*~+\\]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/ys;
const BOUND = /[^\s`{}"[\]()]+/y;
const RESERVED = new Set(["AND", "OR", "NOT", "IN"]);

/** Reads a query. @throws {QuerySyntaxError} */
export function parseQuery(text: string): Query {
  const reader = new Reader(text);
  const query = reader.alternatives();
  reader.skipSpace();
  if (!reader.atEnd) throw reader.error("unexpected text");
  return query;
}

class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  get atEnd(): boolean {
    return this.#at >= this.text.length;
  }

  error(what: string): QuerySyntaxError {
    return new QuerySyntaxError(`${what} at ${this.#at} of ${JSON.stringify(this.text.slice(0, 200))}`);
  }

  alternatives(): Query {
    const parts = [this.#conjunction()];
    while (this.#keyword("OR")) parts.push(this.#conjunction());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: "or", parts };
  }

  #conjunction(): Query {
    const parts = [this.#leaf()];
    for (;;) {
      const space = this.skipSpace();
      if (this.atEnd || this.text[this.#at] === ")" || this.#peekKeyword("OR")) break;
      if (!this.#keyword("AND") && !space) throw this.error("expected a space or an operator");
      parts.push(this.#leaf());
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: "and", parts };
  }

  #leaf(): Query {
    this.skipSpace();
    if (this.#take("(")) {
      const inner = this.alternatives();
      this.skipSpace();
      if (!this.#take(")")) throw this.error("expected )");
      return inner;
    }
    if (this.#keyword("NOT") || this.#take("-")) return { kind: "not", part: this.#leaf() };
    const field = this.#match(FIELD)?.[1] ?? null;
    return field === null ? this.#defaultClause() : this.#fieldClause(field);
  }

  #defaultClause(): Query {
    if (this.#take("*")) return { kind: "all" };
    return { kind: "text", field: null, text: this.#term() };
  }

  #fieldClause(field: string): Query {
    if (this.#take("*")) return { kind: "exists", field };
    if (/[[{]/.test(this.text[this.#at] ?? "")) return this.#range(field);
    if (this.#keyword("IN")) return { kind: "set", field, texts: this.#set() };
    return { kind: "text", field, text: this.#term() };
  }

  #term(): string {
    const quoted = this.#match(QUOTED);
    const inner = quoted?.[1] ?? quoted?.[2];
    if (inner !== undefined) {
      if (/[*~^]/.test(this.text[this.#at] ?? "")) {
        throw this.error("prefix, slop and boost are not supported here");
      }
      return inner.replace(/\\(.)/gs, "$1");
    }
    const word = this.#match(WORD)?.[0];
    if (word === undefined || RESERVED.has(word)) throw this.error("expected a term");
    return word;
  }

  #set(): Set<string> {
    this.skipSpace();
    if (!this.#take("[")) throw this.error("expected [");
    const texts = new Set<string>();
    this.skipSpace();
    while (!this.#take("]")) {
      texts.add(this.#term());
      if (!this.skipSpace() && this.text[this.#at] !== "]") throw this.error("expected a space or ]");
    }
    return texts;
  }

  #range(field: string): Query {
    const open = this.text[this.#at++];
    const lower = this.#bound();
    if (!this.#keyword("TO")) throw this.error("expected TO");
    const upper = this.#bound();
    this.skipSpace();
    const close = this.text[this.#at++];
    if (close !== "]" && close !== "}") throw this.error("expected ] or }");
    const bound = (value: string, inclusive: boolean) => value === "*" ? null : { value, inclusive };
    return { kind: "range", field, lower: bound(lower, open === "["), upper: bound(upper, close === "]") };
  }

  #bound(): string {
    this.skipSpace();
    const bound = this.#match(BOUND)?.[0];
    if (bound === undefined) throw this.error("expected a bound");
    return bound;
  }

  skipSpace(): boolean {
    return this.#match(/\s+/y) !== null;
  }

  #peekKeyword(word: string): boolean {
    return this.text.startsWith(word, this.#at) &&
      /^([\s[]|$)/.test(this.text.slice(this.#at + word.length, this.#at + word.length + 1));
  }

  #keyword(word: string): boolean {
    this.skipSpace();
    if (!this.#peekKeyword(word)) return false;
    this.#at += word.length;
    return true;
  }

  #take(text: string): boolean {
    if (!this.text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}
