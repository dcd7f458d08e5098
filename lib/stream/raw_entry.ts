import type { Buffer } from "node:buffer";
import { TRACING } from "../run/trace.ts";
import { isEntryId } from "./entry_id.ts";

/** An entry as it stands in the stream; `data` is null if the entry has no such field. */
export interface RawEntry {
  readonly id: string;
  readonly data: Uint8Array | null;
  /** All fields, for the dead letter of an entry without `data`. */
  readonly fields: readonly Uint8Array[];
  /** How often it was taken, this time included: by owners that died or lost the shard before it was done. */
  readonly deliveries: number;
  /** For an entry that was put back from the dead letters: the id it had at first (field `requeued_from`). */
  readonly requeuedFrom: string | null;
  /** The trace that it is part of (field `traceparent`); only looked for by a process that traces. */
  readonly traceparent?: string | undefined;
}

/** An entry as Redis answers it. */
export type RawReply = [Buffer, Buffer[] | null] | null;
/** What `XPENDING` answers for one entry. */
export type PendingReply = [id: Buffer, consumer: Buffer, idleMs: number, deliveries: number];

/** An entry whose body was trimmed meanwhile comes without fields; there is nothing left to handle. */
export function parseEntry(reply: RawReply, deliveries: ReadonlyMap<string, number>): RawEntry[] {
  const [name, fields] = reply ?? [];
  if (!name || !fields) return [];
  const id = name.toString();
  const from = fieldOf(fields, "requeued_from")?.toString() ?? "";
  const requeuedFrom = isEntryId(from) ? from : null;
  const traceparent = TRACING ? fieldOf(fields, "traceparent")?.toString() : undefined;
  const data = fieldOf(fields, "data");
  return [{ id, data, fields, deliveries: deliveries.get(id) ?? 1, requeuedFrom, traceparent }];
}

function fieldOf(fields: readonly Buffer[], name: string): Buffer | null {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toString() === name) return fields[i + 1] ?? null;
  }
  return null;
}
