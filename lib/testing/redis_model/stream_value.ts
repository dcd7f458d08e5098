/**
 * A stream with its groups as Redis 7.0 keeps them, counters included.
 *
 * @module
 */
import { compareEntryIds, FIRST_ENTRY_ID } from "../../stream/entry_id.ts";

/** An entry; fields are names and values by turns. */
export interface ModelEntry {
  readonly id: string;
  readonly fields: readonly string[];
}

/** An entry handed out and not acknowledged. */
export interface Pending {
  readonly id: string;
  consumer: string;
  deliveries: number;
  deliveredAt: number;
}

/** A consumer group. */
export interface ModelGroup {
  lastId: string;
  /** How many entries the group has read since the stream began; null while that is not known. */
  entriesRead: number | null;
  readonly consumers: Set<string>;
  pending: Pending[];
}

/** See the module's description. */
export class StreamValue {
  entries: ModelEntry[] = [];
  lastId = FIRST_ENTRY_ID;
  entriesAdded = 0;
  readonly groups = new Map<string, ModelGroup>();
  #maxDeletedId = FIRST_ENTRY_ID;

  get firstId(): string {
    return this.entries[0]?.id ?? FIRST_ENTRY_ID;
  }

  get maxDeletedId(): string {
    return this.#maxDeletedId;
  }

  /** The entry, or undefined if it is gone or never was. */
  find(id: string): ModelEntry | undefined {
    return this.entries.find((entry) => entry.id === id);
  }

  add(entry: ModelEntry): void {
    this.entries.push(entry);
    this.lastId = entry.id;
    this.entriesAdded++;
  }

  /** Drops the oldest entries but `count`. */
  keepNewest(count: number): number {
    const gone = Math.max(0, this.entries.length - count);
    this.entries = this.entries.slice(gone);
    return gone;
  }

  /** Drops entries before `id`. */
  keepFrom(id: string): number {
    return this.keepNewest(this.entries.filter((entry) => compareEntryIds(entry.id, id) >= 0).length);
  }

  /** Deletes entries in the middle, too: what is left has holes then. */
  delete(ids: readonly string[]): number {
    const found = ids.filter((id, index) => this.find(id) !== undefined && ids.indexOf(id) === index);
    this.entries = this.entries.filter((entry) => !found.includes(entry.id));
    for (const id of found) if (compareEntryIds(id, this.#maxDeletedId) > 0) this.#maxDeletedId = id;
    return found.length;
  }

  /** Hands new entries to a consumer of the group. */
  readNew(group: ModelGroup, consumer: string, count: number, now: number): ModelEntry[] {
    const entries = this.entries.filter((entry) => compareEntryIds(entry.id, group.lastId) > 0)
      .slice(0, count);
    if (entries.length > 0) group.consumers.add(consumer);
    for (const { id } of entries) {
      if (group.entriesRead !== null && !this.#hasHolesFrom(id)) group.entriesRead++;
      else group.entriesRead = this.#readWhenAt(id);
      group.lastId = id;
      group.pending = group.pending.filter((pending) => pending.id !== id);
      group.pending.push({ id, consumer, deliveries: 1, deliveredAt: now });
    }
    group.pending.sort((a, b) => compareEntryIds(a.id, b.id));
    return entries;
  }

  /** How far the group is behind; null if that is not known. */
  lag(group: ModelGroup): number | null {
    if (this.entriesAdded === 0) return 0;
    if (group.entriesRead !== null && !this.#hasHolesFrom(group.lastId)) {
      return this.entriesAdded - group.entriesRead;
    }
    const read = this.#readWhenAt(group.lastId);
    return read === null ? null : this.entriesAdded - read;
  }

  #hasHolesFrom(id: string): boolean {
    if (this.entries.length === 0 || this.#maxDeletedId === FIRST_ENTRY_ID) return false;
    if (compareEntryIds(this.firstId, this.#maxDeletedId) > 0) return false;
    return compareEntryIds(id, this.#maxDeletedId) <= 0;
  }

  /** How many entries were ever added up to this one, if that can be told. */
  #readWhenAt(id: string): number | null {
    if (this.entriesAdded === 0) return 0;
    const toLast = compareEntryIds(id, this.lastId);
    if (this.entries.length === 0 && toLast < 1) return this.entriesAdded;
    if (toLast === 0) return this.entriesAdded;
    if (toLast > 0) return null;
    if (this.#maxDeletedId !== FIRST_ENTRY_ID && compareEntryIds(this.#maxDeletedId, this.firstId) >= 0) {
      return null;
    }
    const toFirst = compareEntryIds(id, this.firstId);
    if (toFirst > 0) return null;
    return this.entriesAdded - this.entries.length + (toFirst === 0 ? 1 : 0);
  }
}
