/**
 * What Redis holds of jobs, in memory: it is written step by step, and can lose the latest steps, as a server does that
 * was emptied, restored from an older copy, or failed over.
 *
 * @module
 */
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";

/** An entry of a stream. */
export interface WorldEntry {
  readonly id: string;
  readonly data: string;
}

/** All that Redis holds. */
export interface Held {
  readonly streams: Map<string, { entries: WorldEntry[]; lastId: string }>;
  /** What writers note beside their entries, as plain keys. */
  readonly keys: Map<string, string>;
  /** The group that stores lines: what it was handed out last, and what it has not acknowledged. */
  group: { delivered: string; pending: string[] } | null;
}

/** See the module's description. */
export class WorldRedis {
  /** Changes when the server is started again. */
  run = 1;
  #held: Held = nothing();
  /** What it held before each write. */
  #past: Held[] = [];
  /** Ids are not given again: no loss is over within the millisecond (ms). */
  #notBefore = 0;
  readonly #now: () => number;
  readonly #onChange: () => void;

  /** `now`: Redis's clock (ms). */
  constructor(now: () => number, onChange: () => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** What it holds; changed by {@linkcode write} only. */
  get held(): Held {
    return this.#held;
  }

  /** One script, or one command: done as a whole, and lost as a whole. */
  write<T>(act: (held: Held) => T): T {
    this.#past.push(copyOf(this.#held));
    const answer = act(this.#held);
    this.#onChange();
    return answer;
  }

  /** Adds an entry, within a write. */
  add(held: Held, key: string, data: string): string {
    const stream = held.streams.get(key) ?? { entries: [], lastId: FIRST_ENTRY_ID };
    const [ms = "0", seq = "0"] = stream.lastId.split("-");
    const now = Math.max(Math.floor(this.#now()), this.#notBefore);
    const id = now > Number(ms) ? `${now}-0` : `${ms}-${Number(seq) + 1}`;
    held.streams.set(key, { entries: [...stream.entries, { id, data }], lastId: id });
    return id;
  }

  /** The first entries of a stream after `after`, up to `until`. */
  after(key: string, after: string, until?: string): WorldEntry[] {
    return (this.#held.streams.get(key)?.entries ?? []).filter(({ id }) =>
      compareEntryIds(id, after) > 0 && (until === undefined || compareEntryIds(id, until) <= 0)
    );
  }

  /** Loses the latest writes, all of them for Infinity. */
  lose(writes: number): void {
    const kept = this.#past.length - writes;
    this.#held = writes === 0 ? this.#held : this.#past[kept] ?? nothing();
    this.#past = kept > 0 ? this.#past.slice(0, kept) : [];
    this.#notBefore = Math.floor(this.#now()) + 1;
    this.#onChange();
  }
}

function nothing(): Held {
  return { streams: new Map(), keys: new Map(), group: null };
}

function copyOf({ streams, keys, group }: Held): Held {
  return {
    streams: new Map(streams), // a stream is replaced as it grows
    keys: new Map(keys),
    group: group && { ...group },
  };
}
