/**
 * Entries and servers for the suite.
 *
 * @module
 */
import { logEventId } from "../../event/event_id.ts";
import type { LogEvent } from "../../event/log.ts";
import type { LogRange, LogStore, StoredLog } from "../log_store.ts";

/** The server behind a store, of the test's own. */
export interface LogStoreServer extends AsyncDisposable {
  /** A store on this server, as one process has it; the test closes it. */
  open(): LogStore;
  /** Ends the server; `start` brings it back with what it had. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Sentences about a store, and what proves each. */
export type Sentences = Readonly<Record<string, (store: LogStore, server: LogStoreServer) => Promise<void>>>;

/** An entry with an event that differs from others by entry id and fields. */
export function storedLog(entryId: string, fields: Partial<LogEvent> = {}): StoredLog {
  const facts = {
    job_id: "job",
    job_type: "plugin" as const,
    container_name: "job",
    line: `line of ${entryId}`,
    stream: "stdout" as const,
    timestamp: "2026-01-15T12:01:02.123456+00:00",
    ...fields,
  };
  return { entryId, event: { event_id: logEventId(facts), eos: false, ...facts } };
}

/** All entries of a range, pages joined. */
export async function readAll(
  store: LogStore,
  jobId: string,
  range: LogRange = {},
  pageSize?: number,
): Promise<StoredLog[]> {
  const all: StoredLog[] = [];
  for await (const page of store.read(jobId, range, pageSize ? { pageSize } : {})) all.push(...page);
  return all;
}

/** The entry ids alone. */
export function idsOf(entries: readonly StoredLog[]): string[] {
  return entries.map(({ entryId }) => entryId);
}

/** The lines from number `offset` + 1 on, and how many there are. */
export async function pageAt(
  store: LogStore,
  jobId: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ total: number; lines: StoredLog[] }> {
  const page = await store.page(jobId, { limit, from: { offset } });
  return { total: page.total, lines: page.lines };
}
