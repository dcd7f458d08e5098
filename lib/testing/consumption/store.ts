import { OutageError } from "../../run/outage_error.ts";
import { sleep } from "../../run/sleep.ts";
import type { Entry } from "../../stream/shard_consumer.ts";
import type { PlannedEntry } from "./scenario.ts";
import type { KnownEntry } from "./witness.ts";

/** An entry that was added, with how it behaves. */
export interface StagedEntry extends KnownEntry {
  readonly planned: PlannedEntry;
}

/** What a store does to those who write to it. */
export interface StoreOptions {
  readonly now: () => number;
  /** How often a moody entry fails. */
  readonly failures: number;
  /** Told of each effect. */
  readonly did: (replica: string, entry: StagedEntry) => void;
  /** Told after each effect; something may happen to the replica there. */
  readonly at: (replica: string) => Promise<void>;
  /** Ends the replica. */
  readonly die: (replica: string) => void;
}

/** What the handlers of all replicas write to: the effects of entries, as their nature has it. */
export class Store {
  /** It is away before this moment. */
  awayUntil = 0;
  readonly #entries: readonly StagedEntry[];
  readonly #options: StoreOptions;
  readonly #failures = new Map<number, number>();

  constructor(entries: readonly StagedEntry[], options: StoreOptions) {
    this.#entries = entries;
    this.#options = options;
  }

  /** One effect after the other, with a pause wherever someone else might come in. */
  async handle(replica: string, entries: readonly Entry<string>[]): Promise<void> {
    await sleep(Math.random() * 30);
    for (const { id, event } of entries) {
      const known = this.#entries[Number(event.split(" ")[1])];
      if (!known || known.id !== id) throw new Error(`Cannot handle ${id}: it is not the entry "${event}"`);
      if (this.awayUntil > this.#options.now()) throw new OutageError("store", "write");
      await this.#behave(replica, known);
      this.#options.did(replica, known);
      await this.#options.at(replica);
      if (Math.random() < 0.3) await sleep(Math.random() * 10);
    }
    await sleep(Math.random() * 10);
  }

  async #behave(replica: string, { n, planned: { nature } }: StagedEntry): Promise<void> {
    if (nature === "failing") throw new Error(`entry ${n} fails always`);
    const failures = this.#failures.get(n) ?? 0;
    if (nature === "moody" && failures < this.#options.failures) {
      this.#failures.set(n, failures + 1);
      throw new Error(`entry ${n} fails for now`);
    }
    if (nature !== "killer") return;
    this.#options.die(replica);
    await sleep(0); // for ever
  }
}
