/**
 * The log store in Quickwit (`LOG_STORE=quickwit`), over its REST API (wire.md §9).
 *
 * Quickwit knows no unique key. So `write` asks first which events are there and leaves them out; what slips through
 * (a batch whose answer got lost and that is sent again before it became visible) is the same entry twice, and
 * readers drop it.
 *
 * @module
 */
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import type {
  LinePlace,
  LogPage,
  LogRange,
  LogStore,
  PageRequest,
  SearchPage,
  SearchRequest,
  StoredLog,
} from "./log_store.ts";
import { plainKey } from "./plain_event.ts";
import { fromHit, indexConfig, missingFields, toDocument } from "./quickwit_document.ts";
import { type Commit, MAX_HITS, MissingIndexError, QuickwitHttp } from "./quickwit_http.ts";
import { ndjsonBodies } from "./quickwit_ndjson.ts";
import { quickwitPages } from "./quickwit_pages.ts";
import { quickwitPage } from "./quickwit_page.ts";
import { eventsQuery } from "./quickwit_query.ts";
import { searchByReading } from "./search_by_reading.ts";
import { SearchTurns } from "./search_limits.ts";

const PAGE_SIZE = 1_000;
/** Lines are searched in larger pages, as long as they are short. */
const COUNT_SIZE = MAX_HITS - 1;
const PING_WITHIN_MS = 3_000;
/** Event ids of one question. */
const IDS_ASKED = 2_000;
/** Event ids of one question that may be answered with documents. */
const IDS_FETCHED = 100;
/** With `commit: "auto"`: how often to look whether a batch is searchable, and for how long. */
const LOOK_EVERY_MS = 250;
const LOOK_TIMES = 480;

/** Settings of the store. */
export interface QuickwitOptions {
  /**
   * How documents become searchable. `wait_for` costs a wait of up to the index's `commit_timeout_secs` per batch,
   * `force` a split per batch, `auto` repeated searches until the batch is found.
   * @default "wait_for"
   */
  readonly commit?: Commit;
}

/** The index exists, but is not one that this store can use; trying again does not help. */
export class QuickwitIndexError extends Error {
  override readonly name = "QuickwitIndexError";
}

/** Keeps lines in one index; good for hundreds of millions of them. */
export class QuickwitLogStore implements LogStore {
  readonly #http: QuickwitHttp;
  readonly #commit: Commit;
  readonly #turns = new SearchTurns();

  constructor(url: string, readonly index: string, { commit = "wait_for" }: QuickwitOptions = {}) {
    this.#http = new QuickwitHttp(url, index);
    this.#commit = commit;
  }

  /** @throws {QuickwitIndexError} if there is an index of that name with other fields. */
  async prepare(): Promise<void> {
    const attempt = `prepare index "${this.index}"`;
    const fields = await this.#http.fields(attempt);
    if (fields === null) {
      if (await this.#http.create(attempt, indexConfig(this.index))) return;
      return await this.prepare(); // somebody else created it meanwhile
    }
    const missing = missingFields(fields);
    if (missing.length === 0) return;
    throw new QuickwitIndexError(
      `Cannot ${attempt}: it exists without the right fields ${missing.join(", ")}`,
    );
  }

  async write(batch: readonly StoredLog[]): Promise<void> {
    if (batch.length === 0) return;
    const attempt = `store ${batch.length} log lines`;
    try {
      await this.#write(attempt, batch);
    } catch (error) {
      if (error instanceof MissingIndexError) await this.prepare().catch((cause) => asOutage(attempt, cause));
      throw error;
    }
  }

  async *read(
    jobId: string,
    range: LogRange,
    { signal, pageSize = PAGE_SIZE }: { signal?: AbortSignal; pageSize?: number } = {},
  ): AsyncGenerator<StoredLog[]> {
    try {
      const options = { pageSize, ...(signal ? { signal } : {}) };
      for await (const { lines } of quickwitPages(this.#http, jobId, range, options)) yield lines;
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  }

  /** See {@link quickwitPage}. */
  async page(jobId: string, request: PageRequest): Promise<LogPage> {
    return await quickwitPage(this.#http, jobId, request);
  }

  /** See {@link searchByReading}; Quickwit finds words, not parts of them, and counts no lines before a hit. */
  async search(jobId: string, request: SearchRequest): Promise<SearchPage> {
    const attempt = `search the log of "${jobId}"`;
    const read = (after: LinePlace | null) => {
      const from = { entryId: after?.entryId ?? FIRST_ENTRY_ID, inclusive: true };
      return quickwitPages(this.#http, jobId, {}, { pageSize: COUNT_SIZE, from });
    };
    return await this.#turns.take(() => searchByReading(read, attempt, request));
  }

  async ping(): Promise<void> {
    await this.#http.fields(`ping index "${this.index}"`, PING_WITHIN_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #write(attempt: string, batch: readonly StoredLog[]): Promise<void> {
    const fresh = new Map(batch.toReversed().map((stored) => [keyOf(stored), stored])); // the first of equals stays
    for (const key of await this.#stored(attempt, batch)) fresh.delete(key);
    const events = [...fresh.values()].reverse();
    const bodies = ndjsonBodies(events.map(toDocument));
    await Promise.all(bodies.map((body) => this.#http.ingest(attempt, body, this.#commit)));
    if (this.#commit === "auto") await this.#untilStored(attempt, events);
  }

  /** Which events of `batch` can be found. Asks for numbers first, and for documents only where there are any. */
  async #stored(attempt: string, batch: readonly StoredLog[], idsAsked = IDS_ASKED): Promise<Set<string>> {
    const found = new Set<string>();
    for (let start = 0; start < batch.length; start += idsAsked) {
      const part = batch.slice(start, start + idsAsked);
      const query = eventsQuery(part.map(({ event }) => plainKey(event.event_id)));
      if (idsAsked > IDS_FETCHED) {
        const { numHits } = await this.#http.search(attempt, query, 0);
        if (numHits > 0) { for (const key of await this.#stored(attempt, part, IDS_FETCHED)) found.add(key); }
      } else {
        const { hits } = await this.#http.search(attempt, query, MAX_HITS);
        for (const hit of hits) found.add(keyOf(fromHit(hit)));
      }
    }
    return found;
  }

  async #untilStored(attempt: string, batch: readonly StoredLog[]): Promise<void> {
    for (let times = 0; times < LOOK_TIMES; times++) {
      const stored = await this.#stored(attempt, batch);
      if (batch.every((event) => stored.has(keyOf(event)))) return;
      await sleep(LOOK_EVERY_MS);
    }
    throw new OutageError("quickwit", attempt, { cause: "the documents do not become searchable" });
  }
}

/** An index that cannot be used is no fault of the lines that wait for it. */
function asOutage(attempt: string, cause: unknown): never {
  throw cause instanceof OutageError ? cause : new OutageError("quickwit", attempt, { cause });
}

/** What makes an event the same as another one. */
function keyOf({ event }: StoredLog): string {
  return JSON.stringify([event.job_id, event.event_id]);
}
