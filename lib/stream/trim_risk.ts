/**
 * Whether a stream is about to lose entries that a group has not read: its cap (`MAXLEN`) drops the oldest ones,
 * read or not (wire.md §1).
 *
 * @module
 */
import { compareEntryIds, FIRST_ENTRY_ID } from "./entry_id.ts";

/** A stream and how far its groups have come. */
export interface Backlog {
  readonly length: number;
  readonly groups: readonly {
    readonly name: string;
    /** Entries it has yet to read; null if Redis cannot tell, as after entries were deleted one by one. */
    readonly unread: number | null;
  }[];
}

/** The group that is furthest behind, when it is near the stream's cap. */
export interface TrimRisk {
  readonly group: string;
  readonly unread: number;
}

/** A group that has this part of the cap yet to read is in danger. */
const DANGER = 0.8;
/** It is out of danger again below this part. */
const SAFE = 0.6;

/** The slowest group if it is in danger, else null. While `warned`, the danger ends only well below where it began. */
export function trimRisk(backlog: Backlog, options: { maxlen: number; warned: boolean }): TrimRisk | null {
  let slowest: TrimRisk | null = null;
  for (const { name, unread } of backlog.groups) {
    if (unread !== null && unread > (slowest?.unread ?? -1)) slowest = { group: name, unread };
  }
  if (slowest === null) return null;
  return slowest.unread >= options.maxlen * (options.warned ? SAFE : DANGER) ? slowest : null;
}

/** Reads what `XINFO STREAM` and `XINFO GROUPS` answer. */
export function readBacklog(stream: readonly unknown[], groups: readonly (readonly unknown[])[]): Backlog {
  const length = Number(fieldOf(stream, "length") ?? 0);
  return {
    length,
    groups: groups.map((group) => ({
      name: String(fieldOf(group, "name")),
      unread: unreadOf(group, stream),
    })),
  };
}

/** Never more than the stream holds: what is gone already is reported elsewhere. */
function unreadOf(group: readonly unknown[], stream: readonly unknown[]): number | null {
  const length = Number(fieldOf(stream, "length") ?? 0);
  const delivered = String(fieldOf(group, "last-delivered-id") ?? FIRST_ENTRY_ID);
  if (delivered === fieldOf(stream, "last-generated-id")) return 0;
  const first = fieldOf(stream, "first-entry") as readonly unknown[] | null | undefined;
  if (first && compareEntryIds(delivered, String(first[0])) < 0) return length;
  const lag = fieldOf(group, "lag");
  if (lag !== null && lag !== undefined) return Math.min(Number(lag), length);
  const [added, read] = [fieldOf(stream, "entries-added"), fieldOf(group, "entries-read")];
  if (typeof added !== "number" || typeof read !== "number") return null;
  return Math.min(length, added - read);
}

function fieldOf(list: readonly unknown[], name: string): unknown {
  const at = list.indexOf(name);
  return at < 0 ? undefined : list[at + 1];
}
