/**
 * The doc mapping of an index: which documents it takes, what it answers with, what a query finds.
 *
 * @module
 */
import { z } from "@zod/zod";
import { type Bound, type Query, QuerySyntaxError } from "./quickwit_query.ts";

const FieldName = z.string().regex(/^[a-zA-Z][_.\-a-zA-Z0-9]*$/);
const Shared = { name: FieldName, stored: z.boolean().default(true), indexed: z.boolean().default(true) };
const Field = z.discriminatedUnion("type", [
  z.strictObject({
    ...Shared,
    type: z.literal("text"),
    tokenizer: z.enum(["raw", "default"]).default("default"),
    record: z.enum(["basic", "freq", "position"]).default("basic"),
    fast: z.boolean().default(false),
  }),
  z.strictObject({ ...Shared, type: z.literal("u64"), fast: z.boolean().default(false) }),
  z.strictObject({ ...Shared, type: z.literal("bool"), fast: z.boolean().default(false) }),
  z.strictObject({
    ...Shared,
    type: z.literal("datetime"),
    input_formats: z.array(z.literal("rfc3339")),
    output_format: z.literal("rfc3339"),
    fast: z.boolean().default(false),
    fast_precision: z.enum(["seconds", "milliseconds", "microseconds", "nanoseconds"]).default("seconds"),
  }),
]);
type Field = z.infer<typeof Field>;

/** What an index is created with: what of Quickwit's format this project uses, and nothing else. */
export const IndexConfig = z.strictObject({
  version: z.enum(["0.7", "0.8", "0.9"]),
  index_id: z.string().regex(/^[a-zA-Z][a-zA-Z0-9-_]{2,254}$/),
  doc_mapping: z.strictObject({
    mode: z.enum(["strict", "lenient"]),
    timestamp_field: z.string().optional(),
    field_mappings: z.array(Field),
  }).refine(({ field_mappings: fields }) => new Set(fields.map(({ name }) => name)).size === fields.length, {
    error: "field names must be unique",
  }).refine(
    ({ timestamp_field: name, field_mappings: fields }) =>
      name === undefined ||
      fields.some((field) => field.name === name && field.type === "datetime" && field.fast),
    { error: "the timestamp field must be a fast datetime" },
  ),
  search_settings: z.strictObject({ default_search_fields: z.array(z.string()) }).optional(),
  indexing_settings: z.strictObject({ commit_timeout_secs: z.int().positive() }).optional(),
});
/** What an index is created with. */
export type IndexConfig = z.infer<typeof IndexConfig>;

/** A document as it came in. */
export type Document = Readonly<Record<string, unknown>>;

/** Words longer than this are not indexed (bytes). */
const MAX_WORD_BYTES = 255;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** The rules of one index. */
export class Mapping {
  readonly #fields: ReadonlyMap<string, Field>;

  constructor(readonly config: IndexConfig) {
    this.#fields = new Map(config.doc_mapping.field_mappings.map((field) => [field.name, field]));
  }

  /** Why the index does not take a document, or null. */
  fault(document: unknown): string | null {
    if (typeof document !== "object" || document === null || Array.isArray(document)) {
      return "not a JSON object";
    }
    const { mode, timestamp_field } = this.config.doc_mapping;
    for (const [name, value] of Object.entries(document)) {
      const field = this.#fields.get(name);
      if (!field && mode === "strict") return `field "${name}" is not in the mapping`;
      if (field && value !== null && !isOfType(field, value)) return `field "${name}" is no ${field.type}`;
    }
    const time = timestamp_field && (document as Document)[timestamp_field];
    return timestamp_field && (time === undefined || time === null)
      ? `field "${timestamp_field}" is missing`
      : null;
  }

  /** The document as a hit shows it. */
  hit(document: Document): Record<string, unknown> {
    const hit: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(document)) {
      const field = this.#fields.get(name);
      if (!field?.stored || value === null) continue;
      hit[name] = field.type === "datetime" ? shownTime(String(value)) : value;
    }
    return hit;
  }

  /** A fast field's value as something to sort by. @throws {QuerySyntaxError} if it is none. */
  fastValue(name: string): (document: Document) => number {
    const field = this.#fields.get(name);
    if (!field) throw new QuerySyntaxError(`unknown field "${name}"`);
    if (!field.fast || field.type === "text") {
      throw new QuerySyntaxError(`field "${name}" is not a fast field`);
    }
    return (document) => orderOf(field, document[name]);
  }

  /** What a query finds. @throws {QuerySyntaxError} if the index cannot answer it. */
  matcher(query: Query): (document: Document) => boolean {
    switch (query.kind) {
      case "all":
        return () => true;
      case "not": {
        const matches = this.matcher(query.part);
        return (document) => !matches(document);
      }
      case "and":
      case "or": {
        const parts = query.parts.map((part) => this.matcher(part));
        return query.kind === "and"
          ? (doc) => parts.every((part) => part(doc))
          : (doc) => parts.some((part) => part(doc));
      }
      case "exists": {
        const { name } = this.#indexed(query.field);
        return (document) => document[name] !== undefined && document[name] !== null;
      }
      case "set": {
        const field = this.#indexed(query.field);
        if (field.type !== "text" || field.tokenizer !== "raw") {
          throw new QuerySyntaxError("set of such a field");
        }
        const texts = new Set([...query.texts].filter(isIndexable));
        return (document) => texts.has(String(document[field.name]));
      }
      case "range":
        return rangeMatcher(this.#indexed(query.field), query.lower, query.upper);
      case "text": {
        const names = query.field === null
          ? this.config.search_settings?.default_search_fields ?? []
          : [query.field];
        if (names.length === 0) throw new QuerySyntaxError("no field and no default search field");
        const parts = names.map((name) => textMatcher(this.#indexed(name), query.text));
        return (document) => parts.some((part) => part(document));
      }
    }
  }

  #indexed(name: string): Field {
    const field = this.#fields.get(name);
    if (!field?.indexed) throw new QuerySyntaxError(`field "${name}" is not indexed`);
    return field;
  }
}

function isOfType(field: Field, value: unknown): boolean {
  switch (field.type) {
    case "text":
      return typeof value === "string";
    case "u64":
      return typeof value === "number" && Number.isInteger(value) && value >= 0;
    case "bool":
      return typeof value === "boolean";
    case "datetime": {
      const ms = typeof value === "string" && RFC3339.test(value) ? Date.parse(value) : NaN;
      return ms >= Date.UTC(1678) && ms < Date.UTC(2262);
    }
  }
}

function textMatcher(field: Field, text: string): (document: Document) => boolean {
  const { name } = field;
  if (field.type === "bool") {
    if (text !== "true" && text !== "false") throw new QuerySyntaxError(`"${text}" is no bool`);
    return (document) => String(document[name]) === text;
  }
  if (field.type !== "text") {
    return rangeMatcher(field, { value: text, inclusive: true }, { value: text, inclusive: true });
  }
  if (field.tokenizer === "raw") {
    return isIndexable(text) ? (document) => document[name] === text : () => false;
  }
  const wanted = wordsOf(text);
  if (wanted.length > 1 && field.record !== "position") {
    throw new QuerySyntaxError(`"${name}" has no positions`);
  }
  return (document) => {
    const words = wordsOf(String(document[name] ?? ""));
    return words.some((_, start) => wanted.every((word, nth) => words[start + nth] === word));
  };
}

function rangeMatcher(field: Field, lower: Bound, upper: Bound): (document: Document) => boolean {
  if (field.type !== "u64" && field.type !== "datetime") {
    throw new QuerySyntaxError(`no ranges of "${field.name}" here`);
  }
  const limit = (bound: Bound, otherwise: number) => {
    if (!bound) return otherwise;
    const value = field.type === "u64" && !/^\d+$/.test(bound.value) ? NaN : orderOf(field, bound.value);
    if (Number.isNaN(value)) throw new QuerySyntaxError(`"${bound.value}" is no ${field.type}`);
    return value;
  };
  const [from, to] = [limit(lower, -Infinity), limit(upper, Infinity)];
  return (document) => {
    const value = orderOf(field, document[field.name]);
    if (Number.isNaN(value)) return false;
    return (lower?.inclusive === false ? value > from : value >= from) &&
      (upper?.inclusive === false ? value < to : value <= to);
  };
}

function orderOf(field: Field, value: unknown): number {
  return field.type === "datetime"
    ? Date.parse(String(value))
    : typeof value === "boolean"
    ? +value
    : Number(value ?? NaN);
}

function isIndexable(word: string): boolean {
  return new TextEncoder().encode(word).length <= MAX_WORD_BYTES;
}

function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter(isIndexable);
}

/** `Z`, and no zeros at the end of the fraction. */
function shownTime(time: string): string {
  const seconds = new Date(Math.floor(Date.parse(time) / 1000) * 1000).toISOString().slice(0, 19);
  const fraction = /\.(\d+)/.exec(time)?.[1]?.replace(/0+$/, "") ?? "";
  return `${seconds}${fraction && `.${fraction}`}Z`;
}
