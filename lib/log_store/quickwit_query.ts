/**
 * Questions in Quickwit's query language. Pure; every value is quoted and escaped, so none can become syntax.
 *
 * @module
 */
import { entryIdParts } from "../stream/entry_id.ts";
import type { LogRange } from "./log_store.ts";

/** Where a page begins. */
export interface From {
  readonly entryId: string;
  /** Whether entries of this very id belong to the page. */
  readonly inclusive: boolean;
  /** Whether the page goes towards older entries. */
  readonly backwards?: boolean;
}

/**
 * All documents of a job from `from` on that belong to `range` (whose end that `from` replaces is not looked at).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { entriesQuery } from "lib/log_store/quickwit_query.ts";
 * assertEquals(
 *   entriesQuery('a" OR job_id:"b', {}, { entryId: "7-2", inclusive: false }),
 *   'job_id:"a\\" OR job_id:\\"b" AND (entry_ms:{7 TO *] OR (entry_ms:[7 TO 7] AND entry_seq:{2 TO *])) AND eos:false',
 * );
 * ```
 */
export function entriesQuery(jobId: string, range: LogRange, from: From): string {
  const clauses = [phrase("job_id", jobId), from.backwards ? earlier(from) : later(from)];
  if (!from.backwards && range.before !== undefined) {
    clauses.push(earlier({ entryId: range.before, inclusive: false }));
  }
  if (range.jobType !== undefined) clauses.push(phrase("job_type", range.jobType));
  if (range.stream !== undefined) clauses.push(phrase("stream", range.stream));
  if (!range.withMarkers) clauses.push("eos:false");
  return clauses.join(" AND ");
}

/** All documents whose `event_id` is one of `ids`, of which there must be at least one. */
export function eventsQuery(ids: readonly string[]): string {
  return `event_id:IN [${ids.map(quoted).join(" ")}]`;
}

function phrase(field: string, value: string): string {
  return `${field}:${quoted(value)}`;
}

/** In quotes a backslash takes the next character as it is, and nothing else has a meaning. */
function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function later({ entryId, inclusive }: From): string {
  const [ms, seq] = entryIdParts(entryId);
  return `(entry_ms:{${ms} TO *] OR (entry_ms:[${ms} TO ${ms}] AND entry_seq:${
    inclusive ? "[" : "{"
  }${seq} TO *]))`;
}

function earlier({ entryId, inclusive }: From): string {
  const [ms, seq] = entryIdParts(entryId);
  return `(entry_ms:[* TO ${ms}} OR (entry_ms:[${ms} TO ${ms}] AND entry_seq:[* TO ${seq}${
    inclusive ? "]" : "}"
  }))`;
}
