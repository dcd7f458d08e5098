/**
 * A job's log up to where live entries begin, page by page: from the log store, then what is still on its way there
 * out of the stream itself.
 *
 * Lines are stored some time after they appear in their stream. What the log consumer had acknowledged before the
 * store was read is in the store; what comes after that is read from the stream. So nothing falls between.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { LogStore, StoredLog } from "lib/log_store/log_store.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import { redisCall } from "lib/stream/redis_script.ts";
import { PageSize } from "lib/stream/page_size.ts";
import { acknowledgedUpTo, readPage } from "lib/stream/tail.ts";
import { decodeEntry, type Entry, entryOf } from "./entry.ts";
import { logEncoder } from "./log_encoder.ts";
import type { Shareable, SharedReads } from "./shared_reads.ts";

/** Where logs are read. */
export interface LogSources {
  readonly redis: Redis;
  readonly logStore: Pick<LogStore, "read" | "page">;
  readonly logGroup: string;
}

/** All that there is of a job's log between two entry ids. */
export interface LogPage extends Shareable {
  readonly from: "store" | "stream";
  /** Exclusive. */
  readonly after: string;
  /** Inclusive. */
  readonly through: string;
  readonly entries: readonly Entry[];
  /** Whether what follows is in the stream only. */
  readonly storeRead: boolean;
}

/** Which log, and how far it is to be read. */
export interface LogRequest {
  readonly jobId: string;
  readonly stream: string;
  /** Exclusive. */
  readonly after: string;
  /** Changes whenever what was read before may not be enough any more. */
  readonly asOf: string;
  /** It is read up to here at least. */
  readonly until: string;
  /** The newest entry handed out, which may move on meanwhile: what is read may go up to there, for others. */
  readonly tip: () => string;
  readonly signal: AbortSignal;
}

/** How old a page of the store may be (ms): what it left to the stream is not trimmed there in so short a time. */
const FRESH_MS = 2_000;
/** Most entries read from the stream at once. */
const STREAM_PAGE = 1_000;
/** The same of the store. A page lives until it is sent, and what lives long costs the collector of garbage most. */
const STORE_PAGE = 400;

/** Pages of the log after `after`. The next one is read while one is used. */
export async function* logPages(
  sources: LogSources,
  reads: SharedReads,
  request: LogRequest,
): AsyncGenerator<LogPage> {
  const store = new StoreReader(sources, request);
  const size = new PageSize(STREAM_PAGE);
  const read = (place: LogPage["from"], after: string): Promise<LogPage> => {
    const page = reads.get<LogPage>(`${place} log of ${request.jobId} as of ${request.asOf}`, {
      // Where the store ended, it has nothing for those who are further on either.
      enough: (page, agedMs) =>
        (place === "stream" || agedMs < FRESH_MS) && compareEntryIds(page.after, after) <= 0 &&
        (compareEntryIds(after, page.through) < 0 || place === "store" && page.storeRead),
      read: () => place === "store" ? store.page(after) : streamPage(sources, request, { after, size }),
    });
    page.catch(() => {}); // nobody may come for it
    return page;
  };
  let cursor = request.after;
  for (let next: Promise<LogPage> | null = read("store", cursor); next && !request.signal.aborted;) {
    const page: LogPage = await next;
    if (compareEntryIds(page.through, cursor) > 0) cursor = page.through;
    const atEnd = page.storeRead && compareEntryIds(cursor, request.until) >= 0;
    next = atEnd ? null : read(page.storeRead ? "stream" : "store", cursor);
    yield page;
  }
}

/** The pages of a log that nobody wants. */
export async function* noPages(): AsyncGenerator<never> {}

/** Reads on through the log store as long as it is asked for what follows; begins anew elsewhere. */
class StoreReader {
  readonly #sources: LogSources;
  readonly #request: LogRequest;
  #pages: AsyncIterator<StoredLog[]> | null = null;
  #at = "";
  /** Up to here all was stored when the reading began; what came after it and is not found is in the stream. */
  #settled = FIRST_ENTRY_ID;

  constructor(sources: LogSources, request: LogRequest) {
    this.#sources = sources;
    this.#request = request;
  }

  async page(after: string): Promise<LogPage> {
    const { redis, logStore, logGroup } = this.#sources;
    const { jobId, stream } = this.#request;
    if (!this.#pages || this.#at !== after) {
      this.#settled = await redisCall(
        "read the log's progress",
        () => acknowledgedUpTo(redis, stream, logGroup),
      );
      const log = logStore.read(jobId, { after, withMarkers: true }, { pageSize: STORE_PAGE });
      this.#pages = log[Symbol.asyncIterator]();
    }
    const { value, done } = await this.#pages.next();
    const stored = done ? [] : value;
    const last = stored.at(-1)?.entryId;
    this.#at = last ?? after;
    if (done) this.#pages = null;
    const encode = logEncoder();
    const entries = stored.map(({ entryId, event }) => entryOf("logs", entryId, event, encode(event)));
    const through = last ?? (compareEntryIds(this.#settled, after) > 0 ? this.#settled : after);
    return { from: "store", after, through, entries, storeRead: done === true, bytes: sizeOf(entries) };
  }
}

async function streamPage(
  sources: LogSources,
  request: LogRequest,
  { after, size }: { after: string; size: PageSize },
): Promise<LogPage> {
  const { jobId, stream, tip } = request;
  const until = tip();
  const range = { after, until, count: size.count };
  const found = await redisCall("read the log's stream", () => readPage(sources.redis, stream, range));
  size.saw(found.entries);
  const entries = found.entries.flatMap((entry) => decodeEntry("logs", entry, jobId) ?? []);
  const through = found.last ?? (compareEntryIds(until, after) > 0 ? until : after);
  return { from: "stream", after, through, entries, storeRead: true, bytes: sizeOf(entries) };
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((bytes, { data }) => bytes + 2 * data.length + 300, 0);
}
