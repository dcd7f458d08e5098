/**
 * Where a client stands: one entry id per merged stream, the stream generation they belong to, and whether the
 * end was told (architecture.md §5.5). Written as the `id:` of every SSE event. Pure.
 *
 * @module
 */
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";

/** The streams that a client sees merged. */
export const KINDS = ["status", "logs", "workflow"] as const;
/** One of the streams that a client sees merged; also the SSE event name. */
export type Kind = typeof KINDS[number];

/** A client's position: the last entry it has seen of each stream. */
export interface Position extends Readonly<Record<Kind, string>> {
  /** Changes when Redis lost its streams, so that a position of before is recognised. */
  readonly generation: string;
  readonly ended: boolean;
}

/** Before everything. */
export function startPosition(generation: string): Position {
  return { generation, status: FIRST_ENTRY_ID, logs: FIRST_ENTRY_ID, workflow: FIRST_ENTRY_ID, ended: false };
}

/** The position after an entry. */
export function moved(position: Position, kind: Kind, entryId: string): Position {
  return { ...position, [kind]: entryId };
}

/** Whether an entry lies after the position. */
export function isAfter(position: Position, kind: Kind, entryId: string): boolean {
  return compareEntryIds(entryId, position[kind]) > 0;
}

/** The position as an SSE id: `{generation}_{status}_{logs}_{workflow}`, with `_end` behind it after the end. */
export function formatPosition(position: Position): string {
  const parts = [position.generation, position.status, position.logs, position.workflow];
  return position.ended ? [...parts, "end"].join("_") : parts.join("_");
}

/** Reads an SSE id; null for anything else, which a client of another service may well send. */
export function parsePosition(text: string): Position | null {
  const match = /^([a-z0-9]{1,32})_(\d{1,15}-\d{1,20})_(\d{1,15}-\d{1,20})_(\d{1,15}-\d{1,20})(_end)?$/.exec(
    text,
  );
  if (!match) return null;
  const [, generation = "", status = "", logs = "", workflow = "", end] = match;
  return { generation, status, logs, workflow, ended: end !== undefined };
}
