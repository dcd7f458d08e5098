/**
 * Log events as documents of the index `job_logs_index.json`, and back.
 *
 * @module
 */
import { z } from "@zod/zod";
import jobLogs from "./job_logs_index.json" with { type: "json" };
import { LogEvent } from "../event/log.ts";
import { wireTimestamp } from "../event/timestamp.ts";
import { entryIdParts } from "../stream/entry_id.ts";
import type { StoredLog } from "./log_store.ts";
import { exactEvent, plainEvent } from "./plain_event.ts";
import type { IndexField } from "./quickwit_http.ts";

const Hit = LogEvent.extend({
  entry_ms: z.int().nonnegative(),
  entry_seq: z.int().nonnegative(),
  original: z.string().nullish(),
});

/** The configuration with which the index is created. */
export function indexConfig(index: string): Record<string, unknown> {
  return { ...jobLogs, index_id: index };
}

/** The names of fields that `found` lacks or has in another way: an index made by something else, or for us before. */
export function missingFields(found: readonly IndexField[]): string[] {
  return jobLogs.doc_mapping.field_mappings.filter((wanted) => {
    const field = found.find(({ name }) => name === wanted.name);
    return field?.type !== wanted.type || ("fast" in wanted && !field.fast) ||
      ("tokenizer" in wanted && field.tokenizer !== wanted.tokenizer);
  }).map(({ name }) => name);
}

/** One line of NDJSON, with its newline. @throws {UnstorableLogError} */
export function toDocument(stored: StoredLog): string {
  const { event, original } = plainEvent(stored.event, { holdsNul: true });
  const [entry_ms, entry_seq] = entryIdParts(stored.entryId);
  return JSON.stringify({ ...event, entry_ms, entry_seq, ...(original === null ? {} : { original }) }) + "\n";
}

/** The log entry of a hit. Quickwit writes times in its own way (`Z`, no zeros at the end). */
export function fromHit(hit: Record<string, unknown>): StoredLog {
  const { entry_ms, entry_seq, original, ...event } = Hit.parse(hit);
  const plain = {
    event: { ...event, timestamp: wireTimestamp(event.timestamp) },
    original: original ?? null,
  };
  return { entryId: `${entry_ms}-${entry_seq}`, event: exactEvent(plain) };
}
