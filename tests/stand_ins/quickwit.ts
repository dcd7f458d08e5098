/**
 * A Quickwit for tests, in this process: the part of its REST API that the project uses (wire.md §9), with its rules
 * and limits. It refuses what Quickwit would refuse, commits in its own time, and leaves open what Quickwit leaves
 * open (documents that sort equal come in any order).
 *
 * @module
 */
import { z } from "@zod/zod";
import { type Document, IndexConfig, Mapping } from "./quickwit_mapping.ts";
import { parseQuery, QuerySyntaxError } from "./quickwit_query.ts";

/** Settings of the stand-in. */
export interface QuickwitStandInOptions {
  /** Time from the first document to its regular commit, in milliseconds. @default 10 */
  readonly commitAfterMs?: number;
}

/** What a request asked for and what it got. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_SEARCH_BYTES = 1024 * 1024;

const SearchRequest = z.strictObject({
  query: z.string(),
  max_hits: z.int().min(0).max(10_000).default(20),
  start_offset: z.int().min(0).max(10_000).default(0),
  sort_by: z.string().optional(),
  start_timestamp: z.int().optional(),
  end_timestamp: z.int().optional(),
});

/** One running stand-in; `stop()` and `start()` keep its address and what it has taken. */
export class QuickwitStandIn implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #indexes = new Map<string, Index>();
  readonly #commitAfterMs: number;
  #refusals: number[] = [];
  #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(options: QuickwitStandInOptions = {}) {
    this.#commitAfterMs = options.commitAfterMs ?? 10;
    this.#server = this.#serve(0);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Answers the next `times` requests with `status` and does nothing else. */
  refuse(times: number, status = 429): void {
    this.#refusals = Array.from({ length: times }, () => status);
  }

  /** Makes all received documents of an index searchable. */
  commit(index: string): void {
    this.#indexes.get(index)?.commit();
  }

  /** Forgets an index and what is in it. */
  drop(index: string): void {
    this.#indexes.get(index)?.commit();
    this.#indexes.delete(index);
  }

  /** Closes the port; what waits for a commit is answered by a cut connection. */
  async stop(): Promise<void> {
    for (const index of this.#indexes.values()) index.commit();
    await this.#server.shutdown();
  }

  /** Listens again. */
  start(): void {
    this.#server = this.#serve(this.#server.addr.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
      const url = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      const answer = await this.#answer(request, url, body).catch((error) => {
        if (error instanceof Refusal) return { status: error.status, json: { message: error.message } };
        throw error;
      });
      const path = url.pathname + url.search;
      this.requests.push({
        method: request.method,
        path,
        body: new TextDecoder().decode(body),
        status: answer.status,
      });
      return Response.json(answer.json, { status: answer.status });
    });
  }

  async #answer(request: Request, url: URL, body: Uint8Array): Promise<{ status: number; json: unknown }> {
    const refusal = this.#refusals.shift();
    if (refusal) throw new Refusal(refusal, "too many requests");
    const [, index = "", verb = ""] = /^\/api\/v1\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const name = decodeURIComponent(index === "indexes" ? verb : index);
    const route = `${request.method} ${index === "indexes" ? (verb ? "index" : "indexes") : verb}`;
    if (route === "POST indexes") return { status: 200, json: this.#create(request, body) };
    const found = this.#indexes.get(name);
    if (!found) throw new Refusal(404, `index \`${name}\` not found`);
    if (route === "GET index") return { status: 200, json: { index_config: found.config } };
    if (route === "POST ingest") return { status: 200, json: await found.ingest(body, url.searchParams) };
    if (route === "POST search") return { status: 200, json: found.search(parseBody(request, body)) };
    throw new Refusal(405, "method not allowed");
  }

  #create(request: Request, body: Uint8Array): unknown {
    const parsed = IndexConfig.safeParse(parseBody(request, body));
    if (!parsed.success) throw new Refusal(400, `invalid index config: ${z.prettifyError(parsed.error)}`);
    const { index_id } = parsed.data;
    if (this.#indexes.has(index_id)) throw new Refusal(400, `index \`${index_id}\` already exists`);
    this.#indexes.set(index_id, new Index(parsed.data, this.#commitAfterMs));
    return { index_config: parsed.data };
  }
}

class Index {
  readonly #mapping: Mapping;
  #searchable: { document: Document; chance: number }[] = [];
  #pending: Document[] = [];
  #committed = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(readonly config: IndexConfig, readonly commitAfterMs: number) {
    this.#mapping = new Mapping(config);
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

class Refusal extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new Refusal(400, "the body is not UTF-8");
  }
}

function parseBody(request: Request, body: Uint8Array): unknown {
  if (request.headers.get("content-type") !== "application/json") {
    throw new Refusal(415, "unsupported media type");
  }
  if (body.length > MAX_SEARCH_BYTES) throw new Refusal(413, "the request payload is too large");
  try {
    return JSON.parse(decode(body));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

/** One line of NDJSON, or null: like Rust's, this parser knows no half of a surrogate pair. */
function parseDocument(line: string): unknown {
  try {
    const document = JSON.parse(line);
    return /\\u[dD][89a-fA-F]/.test(line) && !JSON.stringify(document).isWellFormed() ? null : document;
  } catch {
    return null;
  }
}
