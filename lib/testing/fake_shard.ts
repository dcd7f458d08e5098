/**
 * A shard's stream and consumer group in memory, for tests of what consumes it.
 *
 * @module
 */
import { OutageError } from "../run/outage_error.ts";
import { FIRST_ENTRY_ID } from "../stream/entry_id.ts";
import type { DeadEntry, Flag, RawEntry, Taken } from "../stream/fence.ts";
import type { Shard } from "../stream/shard_consumer.ts";

/** What becomes of a call: it fails, or it is done and its answer gets lost and it is sent again. */
export type Fault = "refused" | "answer lost";

/** See the module's description. Entry ids are `1-0`, `2-0` and so on. */
export class FakeShard implements Shard {
  /** Ids acknowledged, in order; twice if they were acknowledged twice while pending. */
  readonly acknowledged: string[] = [];
  readonly deadLettered: DeadEntry[] = [];
  readonly flags: Flag[] = [];
  /** Told as lost unread by the next call that takes entries. */
  unread = 0;
  readonly #entries: RawEntry[] = [];
  readonly #pending = new Set<string>();
  readonly #nextFault: () => Fault | null;
  #delivered = 0;
  #added = Promise.withResolvers<void>();

  /** `nextFault` is asked at each call. */
  constructor(nextFault: () => Fault | null = () => null) {
    this.#nextFault = nextFault;
  }

  /** Ids taken and neither acknowledged nor dead-lettered. */
  get pending(): string[] {
    return [...this.#pending];
  }

  /** Adds entries with these `data` fields; null is an entry without one. */
  add(...data: (string | Uint8Array | null)[]): void {
    for (const field of data) {
      const bytes = typeof field === "string" ? new TextEncoder().encode(field) : field;
      this.#entries.push({
        id: `${this.#entries.length + 1}-0`,
        data: bytes,
        fields: [],
        deliveries: 1,
        requeuedFrom: null,
      });
    }
    this.#added.resolve();
    this.#added = Promise.withResolvers();
  }

  /** Takes a pending entry out of the stream, as trimming does. */
  trim(id: string): void {
    this.#entries[numberOf(id) - 1] = { id, data: null, fields: TRIMMED, deliveries: 1, requeuedFrom: null };
  }

  /** For the option of this name: resolves when there are entries after `id`. */
  readonly waitForMore = async (id: string, ms: number, signal: AbortSignal): Promise<void> => {
    if (this.#entries.length > numberOf(id) || signal.aborted) return;
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    signal.addEventListener("abort", () => over.resolve(), { once: true });
    await Promise.race([this.#added.promise, over.promise]);
    clearTimeout(timer);
  };

  ensureGroup(): Promise<void> {
    return this.#call(() => {});
  }

  begin(): Promise<{ vanished: number; accused: number }> {
    return this.#call(() => ({ vanished: 0, accused: 0 }));
  }

  end(): Promise<void> {
    return this.#call(() => {});
  }

  lastDeliveredId(): Promise<string> {
    return this.#call(() => this.#delivered === 0 ? FIRST_ENTRY_ID : `${this.#delivered}-0`);
  }

  take(after: string, count: number): Promise<Taken> {
    return this.#call(() => {
      const { unread } = this;
      this.unread = 0;
      const left = [...this.#pending].filter((id) => numberOf(id) > numberOf(after)).slice(0, count)
        .map((id) => this.#entry(id));
      const trimmed = left.filter((entry) => entry.fields === TRIMMED).map((entry) => entry.id);
      for (const id of trimmed) this.#pending.delete(id);
      if (left.length > 0) {
        return { entries: left.filter((entry) => entry.fields !== TRIMMED), trimmed, unread };
      }
      const entries = this.#entries.slice(this.#delivered, this.#delivered + count);
      for (const { id } of entries) this.#pending.add(id);
      this.#delivered += entries.length;
      return { entries, trimmed: [], unread };
    });
  }

  acknowledge(ids: readonly string[], flags: readonly Flag[]): Promise<void> {
    return this.#call(() => {
      for (const id of ids) if (this.#pending.delete(id)) this.acknowledged.push(id);
      this.flags.push(...flags);
    });
  }

  deadLetter(dead: DeadEntry): Promise<void> {
    return this.#call(() => {
      if (this.#pending.delete(dead.entry.id)) this.deadLettered.push(dead);
    });
  }

  crashesOf(): Promise<number> {
    return this.#call(() => 0);
  }

  noteCrashes(): Promise<void> {
    return this.#call(() => {});
  }

  async #call<T>(act: () => T): Promise<T> {
    await Promise.resolve();
    const fault = this.#nextFault();
    if (fault === "refused") throw new OutageError("redis", "do as asked");
    if (fault === "answer lost") act();
    return act();
  }

  #entry(id: string): RawEntry {
    const entry = this.#entries[numberOf(id) - 1];
    if (!entry) throw new Error(`Cannot find entry ${id}: there are only ${this.#entries.length}`);
    return entry;
  }
}

/** Marks an entry that is pending but gone from the stream. */
const TRIMMED: readonly Uint8Array[] = [];

function numberOf(id: string): number {
  return Number(id.split("-")[0]);
}
