/**
 * One index of the stand-in: documents that are received, then committed, then found.
 *
 * @module
 */
import { z } from "@zod/zod";
import { type Document, type IndexConfig, Mapping } from "./quickwit_mapping.ts";
import { parseQuery, QuerySyntaxError } from "./quickwit_query.ts";

const MAX_BODY_BYTES = 10 * 1024 * 1024;

const SearchRequest = z.strictObject({
  query: z.string(),
  max_hits: z.int().min(0).max(10_000).default(20),
  start_offset: z.int().min(0).max(10_000).default(0),
  sort_by: z.string().optional(),
  start_timestamp: z.int().optional(),
  end_timestamp: z.int().optional(),
});

/** A request that gets an error with a `message`. */
export class Refusal extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

/** A body as text. @throws {Refusal} if it is not UTF-8. */
export function decode(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new Refusal(400, "the body is not UTF-8");
  }
}

/** The documents of one index. */
export class Index {
  readonly #mapping: Mapping;
  #searchable: { document: Document; chance: number }[] = [];
  #pending: Document[] = [];
  #committed = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(readonly config: IndexConfig, readonly commitAfterMs: number) {
    this.#mapping = new Mapping(config);
  }

  get received(): number {
    return this.#searchable.length + this.#pending.length;
  }

  commit(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#searchable.push(...this.#pending.map((document) => ({ document, chance: Math.random() })));
    this.#searchable.sort((a, b) => a.chance - b.chance);
    this.#pending = [];
    this.#committed.resolve();
    this.#committed = Promise.withResolvers();
  }

  async ingest(body: Uint8Array, parameters: URLSearchParams): Promise<unknown> {
    const commit = parameters.get("commit") ?? "auto";
    if (!["auto", "wait_for", "force"].includes(commit)) {
      throw new Refusal(400, `unknown commit \`${commit}\``);
    }
    if (body.length > MAX_BODY_BYTES) throw new Refusal(413, "the request payload is too large");
    const documents = decode(body).split("\n").filter((line) => line.trim() !== "").map(parseDocument);
    const taken = documents.filter((document) => document !== null && this.#mapping.fault(document) === null);
    this.#pending.push(...taken as Document[]);
    const committed = this.#committed.promise;
    if (taken.length > 0) this.#timer ??= setTimeout(() => this.commit(), this.commitAfterMs);
    if (commit === "force") this.commit();
    if (commit === "wait_for" && taken.length > 0) await committed;
    return {
      num_docs_for_processing: documents.length,
      num_ingested_docs: taken.length,
      num_rejected_docs: documents.length - taken.length,
    };
  }

  search(body: unknown): unknown {
    const parsed = SearchRequest.safeParse(body);
    if (!parsed.success) throw new Refusal(400, `invalid search request: ${z.prettifyError(parsed.error)}`);
    const { query, max_hits, start_offset, sort_by, start_timestamp, end_timestamp } = parsed.data;
    try {
      const matches = this.#mapping.matcher(parseQuery(query));
      const inTime = this.#timeFilter(start_timestamp, end_timestamp);
      const found = this.#searchable.map(({ document }) => document).filter((doc) =>
        inTime(doc) && matches(doc)
      );
      const hits = this.#sorted(found, sort_by).slice(start_offset, start_offset + max_hits);
      return {
        num_hits: found.length,
        hits: hits.map((document) => this.#mapping.hit(document)),
        errors: [],
      };
    } catch (error) {
      if (error instanceof QuerySyntaxError) {
        throw new Refusal(400, `failed to parse query: ${error.message}`);
      }
      throw error;
    }
  }

  #timeFilter(start: number | undefined, end: number | undefined): (document: Document) => boolean {
    const field = this.config.doc_mapping.timestamp_field;
    if (start === undefined && end === undefined) return () => true;
    if (field === undefined) throw new QuerySyntaxError("the index has no timestamp field");
    const time = this.#mapping.fastValue(field);
    return (document) =>
      time(document) >= (start ?? -Infinity) * 1000 && time(document) < (end ?? Infinity) * 1000;
  }

  /** `field` and `+field`: greatest first; `-field`: least first. */
  #sorted(documents: Document[], sortBy: string | undefined): Document[] {
    if (!sortBy) return documents;
    const keys = sortBy.split(",").map((key) => ({
      sign: key.startsWith("-") ? 1 : -1,
      value: this.#mapping.fastValue(key.trim().replace(/^[+-]/, "")),
    }));
    if (keys.length > 2) throw new QuerySyntaxError("at most two fields to sort by");
    const compare = (a: Document, b: Document) => {
      for (const { sign, value } of keys) {
        const difference = value(a) - value(b);
        if (difference !== 0) return sign * difference;
      }
      return 0;
    };
    return documents.sort(compare);
  }
}

/** One line of NDJSON, or null: like Rust's, this parser knows no half of a surrogate pair. */
function parseDocument(line: string): unknown {
  try {
    const document = JSON.parse(line);
    return /\\u[dD][89a-fA-F]/.test(line) && hasHalfPair(document) ? null : document;
  } catch {
    return null;
  }
}

function hasHalfPair(json: unknown): boolean {
  if (typeof json === "string") return !json.isWellFormed();
  return typeof json === "object" && json !== null && Object.entries(json).flat().some(hasHalfPair);
}
