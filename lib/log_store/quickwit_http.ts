/**
 * Quickwit's REST API (wire.md §9), and the one place that knows which of its answers are outages.
 *
 * @module
 */
import { z } from "@zod/zod";
import { OutageError } from "../run/outage_error.ts";
import { UnstorableLogError } from "./unstorable_log_error.ts";

/** When an ingest request answers: as soon as received, at the next regular commit, or after a commit of its own. */
export type Commit = "auto" | "wait_for" | "force";

/** Most hits that one search may ask for. */
export const MAX_HITS = 10_000;

const SEARCH_WITHIN_MS = 30_000;
const INGEST_WITHIN_MS = 120_000;

/** Statuses that speak of what was sent; any other failure is no reason to give a document up. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/** The index is gone since it was prepared: an outage that ends when it is made again. */
export class MissingIndexError extends OutageError {}

const SearchAnswer = z.object({
  num_hits: z.int().nonnegative(),
  hits: z.array(z.record(z.string(), z.unknown())),
  /** Parts of the index that could not be searched: the hits are not all. */
  errors: z.array(z.unknown()).default([]),
});
const IngestAnswer = z.object({
  num_docs_for_processing: z.int().nonnegative(),
  num_rejected_docs: z.int().nullish(),
});
const IndexAnswer = z.object({
  index_config: z.object({
    doc_mapping: z.object({ field_mappings: z.array(z.looseObject({ name: z.string() })) }),
  }),
});

/** A field of the index as Quickwit reports it. */
export type IndexField = z.infer<typeof IndexAnswer>["index_config"]["doc_mapping"]["field_mappings"][number];

/** One index of one Quickwit. Every method throws {@link OutageError} when it is away, busy or not set up. */
export class QuickwitHttp {
  readonly #base: string;
  readonly #index: string;

  constructor(url: string, index: string) {
    this.#base = `${url.replace(/\/+$/, "")}/api/v1`;
    this.#index = encodeURIComponent(index);
  }

  /** The fields of the index, or null if there is no such index. */
  async fields(attempt: string, withinMs: number = SEARCH_WITHIN_MS): Promise<IndexField[] | null> {
    const response = await this.#fetch(attempt, `/indexes/${this.#index}`, { withinMs });
    if (response.status === 404) return null;
    return parse(IndexAnswer, attempt, accept(attempt, response)).index_config.doc_mapping.field_mappings;
  }

  /** False if there is such an index already. */
  async create(attempt: string, config: unknown): Promise<boolean> {
    const body = JSON.stringify(config);
    const response = await this.#fetch(attempt, "/indexes", {
      body,
      type: "application/json",
      withinMs: SEARCH_WITHIN_MS,
    });
    if (response.status === 400 && /already exist/i.test(response.text)) return false;
    accept(attempt, response);
    return true;
  }

  /** @throws {UnstorableLogError} if a document was refused. */
  async ingest(attempt: string, ndjson: Uint8Array<ArrayBuffer>, commit: Commit): Promise<void> {
    const path = `/${this.#index}/ingest?commit=${commit}`;
    const request = { body: ndjson, type: "application/x-ndjson", withinMs: INGEST_WITHIN_MS };
    const response = await this.#fetch(attempt, path, request);
    const { num_rejected_docs: rejected } = parse(IngestAnswer, attempt, accept(attempt, response));
    if (!rejected) return;
    throw new UnstorableLogError(`Cannot ${attempt}: quickwit rejected ${rejected} of the documents`);
  }

  /** Documents in the order of their entry ids, or the last ones first; `bytes`: size of the answer. */
  async search(
    attempt: string,
    query: string,
    maxHits: number,
    { signal, backwards = false }: { signal?: AbortSignal; backwards?: boolean } = {},
  ) {
    const sort_by = backwards ? "+entry_ms,+entry_seq" : "-entry_ms,-entry_seq";
    const body = JSON.stringify({ query, max_hits: maxHits, sort_by });
    const path = `/${this.#index}/search`;
    const options = {
      body,
      type: "application/json",
      withinMs: SEARCH_WITHIN_MS,
      ...(signal ? { signal } : {}),
    };
    const answer = accept(attempt, await this.#fetch(attempt, path, options));
    const { hits, num_hits, errors } = parse(SearchAnswer, attempt, answer);
    if (errors.length > 0) throw new OutageError("quickwit", attempt, { cause: JSON.stringify(errors[0]) });
    return { hits, numHits: num_hits, bytes: answer.text.length };
  }

  async #fetch(attempt: string, path: string, request: Request): Promise<Answer> {
    const { body, type, withinMs, signal } = request;
    const late = AbortSignal.timeout(withinMs);
    try {
      const response = await fetch(this.#base + path, {
        ...(body === undefined ? {} : { method: "POST", body, headers: { "content-type": type ?? "" } }),
        signal: signal ? AbortSignal.any([signal, late]) : late,
        redirect: "manual", // what it leads to, such as a login, is not Quickwit
      });
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      if (cause instanceof Deno.errors.NotCapable) throw cause;
      throw new OutageError("quickwit", attempt, { cause });
    }
  }
}

interface Request {
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly type?: string;
  readonly withinMs: number;
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The answer if it is a success. */
function accept(attempt: string, answer: Answer): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const cause = `status ${answer.status}: ${answer.text.slice(0, 300)}`;
  if (REFUSALS.has(answer.status)) {
    throw new UnstorableLogError(`Cannot ${attempt}: quickwit refused it, ${cause}`);
  }
  throw new (answer.status === 404 ? MissingIndexError : OutageError)("quickwit", attempt, { cause });
}

/** What a success says; anything else came from a proxy that stands in for a Quickwit that is away. */
function parse<T>(schema: z.ZodType<T>, attempt: string, { text }: Answer): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new OutageError("quickwit", attempt, { cause });
  }
}
