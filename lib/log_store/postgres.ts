/**
 * The log store in Postgres (`LOG_STORE=postgres`): table `job_logs`.
 *
 * @module
 */
import postgres from "postgres";
import { OutageError } from "../run/outage_error.ts";
import { sleep } from "../run/sleep.ts";
import { migrate } from "../store/migrate.ts";
import {
  asOutage,
  openPostgres,
  type PostgresOptions,
  type PostgresPool,
  withOutage,
} from "../store/open.ts";
import { insertLogs } from "./insert_logs.ts";
import type {
  LogPage,
  LogRange,
  LogStore,
  PageRequest,
  SearchPage,
  SearchRequest,
  StoredLog,
} from "./log_store.ts";
import { plainKey } from "./plain_event.ts";
import { SearchTurns } from "./search_limits.ts";
import { searchLogs } from "./search_postgres.ts";
import { selectPage } from "./select_logs.ts";
import { selectLines } from "./select_page.ts";
import { UnstorableLogError } from "./unstorable_log_error.ts";

/** Lines of one page, unless the caller says otherwise; long lines make pages shorter. */
const PAGE_SIZE = 1_000;
/** Longest time a server may take to answer a ping, in milliseconds. */
const PING_WITHIN_MS = 3_000;

/** Keeps lines exact in a table; the order index makes any page as cheap as the first. */
export class PostgresLogStore implements LogStore {
  readonly #sql: PostgresPool;
  readonly #searching: PostgresPool;
  readonly #turns = new SearchTurns();
  #ping: Promise<void> | null = null;

  constructor(dsn: string, options: PostgresOptions = {}) {
    this.#sql = openPostgres(dsn, options);
    this.#searching = openPostgres(dsn, { ...options, max: this.#turns.atOnce });
  }

  /** {@link migrate}. */
  async prepare(): Promise<void> {
    await migrate(this.#sql);
  }

  async write(batch: readonly StoredLog[]): Promise<void> {
    try {
      await insertLogs(this.#sql, batch);
    } catch (error) {
      throw asWriteError(`store ${batch.length} log lines`, error);
    }
  }

  async *read(
    jobId: string,
    range: LogRange,
    { signal, pageSize = PAGE_SIZE }: { signal?: AbortSignal; pageSize?: number } = {},
  ): AsyncGenerator<StoredLog[]> {
    let rest: LogRange | null = range;
    while (rest && !signal?.aborted) {
      const next: LogRange = rest;
      const page = await orAborted(
        withOutage(
          `read the log of "${jobId}"`,
          () => selectPage(this.#sql, plainKey(jobId), next, pageSize),
        ),
        signal,
      );
      if (!page) return;
      if (page.lines.length > 0) yield page.lines;
      const last: string | undefined = page.lines.at(-1)?.entryId;
      rest = page.more && last !== undefined ? { ...range, after: last } : null;
    }
  }

  async page(jobId: string, request: PageRequest): Promise<LogPage> {
    return await withOutage(`read the log of "${jobId}"`, () => selectLines(this.#sql, jobId, request));
  }

  /** On connections of its own: readers never wait for a search. */
  async search(jobId: string, request: SearchRequest): Promise<SearchPage> {
    return await this.#turns.take(() => searchLogs(this.#searching, jobId, request));
  }

  /** One question at a time: a server that hangs is not asked again and again. */
  async ping(): Promise<void> {
    this.#ping ??= withOutage("ping the log store", () => this.#sql`SELECT 1`)
      .then(() => {}).finally(() => this.#ping = null);
    const late = new AbortController();
    try {
      const answered = await Promise.race([this.#ping.then(() => true), sleep(PING_WITHIN_MS, late.signal)]);
      if (!answered) throw new OutageError("postgres", "ping the log store", { cause: "no answer" });
    } finally {
      late.abort();
      this.#ping?.catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#sql, this.#searching].map((sql) => sql[Symbol.asyncDispose]()));
  }
}

/**
 * Postgres gives up a batch only for what is in it (SQLSTATE classes 22, 23, 54). Whatever else it refuses, such as a
 * password or a table that is not there, will be put right while the lines wait.
 */
function asWriteError(attempt: string, error: unknown): unknown {
  const known = asOutage(attempt, error);
  if (known !== error || !(error instanceof postgres.PostgresError)) return known;
  if (!/^(22|23|54)/.test(error.code)) return new OutageError("postgres", attempt, { cause: error });
  return new UnstorableLogError(`Cannot ${attempt}: ${error.message}`, { cause: error });
}

/** What `work` comes to, or undefined as soon as `signal` aborts. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (!signal) return await work;
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => aborted.resolve(undefined);
  signal.addEventListener("abort", abort, { once: true });
  work.catch(() => {}); // nobody listens any more once aborted
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
