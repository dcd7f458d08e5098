import { entryIdParts } from "../../stream/entry_id.ts";
import type { RedisModel } from "../redis_model/redis_model.ts";

/** An entry as it was added. */
export interface KnownEntry {
  readonly id: string;
  readonly stream: string;
  /** Empty if it cannot be decoded. */
  readonly job: string;
  readonly n: number;
}

/**
 * Sees what is added, done, dead-lettered and lost, and says what went wrong. It knows nothing of leases and groups:
 * only what an outsider can see.
 */
export class Witness {
  /** What went wrong, in the order in which it was seen. */
  readonly faults: string[] = [];
  /** How often an owner whose time had passed was refused. */
  refusals = 0;
  readonly #redis: RedisModel;
  readonly #dlq: string;
  readonly #entries: KnownEntry[] = [];
  readonly #done = new Set<KnownEntry>();
  readonly #lost = new Set<KnownEntry>();
  readonly #owners = new Map<string, string>();
  /** Letters seen before Redis forgot them. */
  #letters: { origin: string; reason: string }[] = [];
  #lettersHere = 0;
  #flushes = 0;

  constructor(redis: RedisModel, dlq: string) {
    this.#redis = redis;
    this.#dlq = dlq;
  }

  added(entry: KnownEntry): void {
    this.#entries.push(entry);
  }

  /** A handler's effect has become durable. */
  did(replica: string, stream: string, id: string): void {
    const entry = this.#entries.find((entry) => entry.id === id && entry.stream === stream);
    if (!entry) return void this.faults.push(`${replica} handled ${id}, which nobody added`);
    if (this.#done.has(entry)) return;
    const earlier = this.#entries.find((other) =>
      other.job === entry.job && other.stream === stream && isBefore(other, entry) && !this.isOut(other)
    );
    if (earlier) {
      this.faults.push(`${replica} let ${entry.n} of ${entry.job} overtake ${earlier.n}`);
    }
    this.#done.add(entry);
  }

  /** A replica says that it owns a shard. */
  owns(replica: string, shard: number, epoch: number): void {
    const key = `${this.#flushes}/${shard}/${epoch}`;
    const other = this.#owners.get(key) ?? replica;
    if (other !== replica) {
      this.faults.push(`${other} and ${replica} both own shard ${shard} in epoch ${epoch}`);
    }
    this.#owners.set(key, replica);
  }

  /** Streams have lost entries, or everything is gone. */
  looked(all: "flushed" | "trimmed"): void {
    this.#readLetters();
    for (const entry of this.#entries) {
      const here = this.#redis.execute("XRANGE", [entry.stream, entry.id, entry.id]) as unknown[];
      if (here.length === 0 && !this.isOut(entry)) this.#lost.add(entry);
    }
    if (all === "trimmed") return;
    this.#lettersHere = 0;
    this.#flushes++;
  }

  /** Whether the entry is done, dead-lettered, or gone with a stream that was trimmed or forgotten. */
  isOut(entry: KnownEntry): boolean {
    return this.#done.has(entry) || this.#lost.has(entry) || this.reasonsOf(entry).length > 0;
  }

  isDone(entry: KnownEntry): boolean {
    return this.#done.has(entry);
  }

  /** Why it was dead-lettered, once for each time. */
  reasonsOf({ stream, id }: KnownEntry): string[] {
    this.#readLetters();
    return this.#letters.filter(({ origin }) => origin === `${stream} ${id}`).map(({ reason }) => reason);
  }

  /** Who holds a lease now, and its epoch. */
  holderOf(leaseKey: string, epochKey: string): [owner: unknown, epoch: unknown] {
    return [this.#redis.execute("GET", [leaseKey]), this.#redis.execute("GET", [epochKey])];
  }

  /** Entries of which nothing has become yet, as `job n`. */
  get open(): string[] {
    return this.#entries.filter((entry) => !this.isOut(entry)).map(({ job, n }) => `${job} ${n}`);
  }

  /** How many entries a stream lost and nothing ever became of. */
  get lost(): number {
    return [...this.#lost].filter((entry) => !this.#done.has(entry) && this.reasonsOf(entry).length === 0)
      .length;
  }

  #readLetters(): void {
    const letters = this.#redis.execute("XRANGE", [this.#dlq, "-", "+"]) as [string, string[]][];
    for (const [, fields] of letters.slice(this.#lettersHere)) {
      const field = (name: string) => fields[fields.indexOf(name) + 1] ?? "";
      this.#letters.push({
        origin: `${field("origin_stream")} ${field("origin_id")}`,
        reason: field("reason"),
      });
    }
    this.#lettersHere = letters.length;
  }
}

function isBefore(a: KnownEntry, b: KnownEntry): boolean {
  const [[aMs, aSeq], [bMs, bSeq]] = [entryIdParts(a.id), entryIdParts(b.id)];
  return aMs < bMs || (aMs === bMs && aSeq < bSeq);
}
