/**
 * How an entry that ends its process is found (G9):
 *
 * 1. Every owner of a shard notes in Redis that it has begun, and that it has ended (`fence_scripts.ts`). Who is
 *    killed notes no end; whatever is acknowledged starts the count anew.
 * 2. An owner that finds as many such predecessors in a row as an entry has tries, or an entry that was counted
 *    before, is suspicious (`delivery.ts`): what was taken more often than that, it handles alone in its process.
 * 3. Before that it raises the entry's own count, and forgets it when it has survived ({@link CrashWatch}).
 * 4. Who finds the count full does not handle the entry: it goes to the dead letters ({@link DeadlyEntryError}).
 *
 * So one entry is accused only by owners who had nothing else in hand when they vanished.
 *
 * @module
 */
import type { FencedShard } from "./fence.ts";

/** Owners that may vanish over an entry they handle alone, at least, before it is given up. */
const MIN_CRASHES = 3;

/**
 * Several owners vanished with this entry in hand, and then one after the other while they handled it alone: it
 * is what ends them.
 */
export class DeadlyEntryError extends Error {
  override readonly name = "DeadlyEntryError";

  constructor(id: string, crashes: number) {
    super(`Cannot handle entry ${id}: ${crashes} workers ended without a word while they handled it alone`);
  }
}

/**
 * Counts, in Redis, the owners that vanish one after the other while they handle a suspected entry alone. The
 * count is raised before each handling and forgotten when it ends in any way, also by an outage or because the
 * owner is to stop: only a process that ended in the middle leaves its mark.
 */
export class CrashWatch {
  readonly #shard: Pick<FencedShard, "crashesOf" | "noteCrashes">;
  readonly #id: string;
  readonly #allowed: number;

  constructor(shard: Pick<FencedShard, "crashesOf" | "noteCrashes">, id: string, maxDeliveries: number) {
    this.#shard = shard;
    this.#id = id;
    this.#allowed = Math.max(MIN_CRASHES, maxDeliveries);
  }

  /** Before the entry is handled. @throws {DeadlyEntryError} if it must not be; {OutageError}, {LeaseLostError} */
  async begin(signal: AbortSignal): Promise<void> {
    const crashes = await this.#shard.crashesOf(this.#id);
    if (crashes >= this.#allowed) throw new DeadlyEntryError(this.#id, crashes);
    await this.#shard.noteCrashes(this.#id, crashes + 1);
    // Who is told to stop may soon be stopped by force.
    signal.addEventListener("abort", () => this.survived().catch(() => {}), { once: true });
  }

  /**
   * The handling ended, whatever came of it: this entry ends nobody. Counting begins anew.
   *
   * @throws {OutageError} {LeaseLostError}
   */
  async survived(): Promise<void> {
    await this.#shard.noteCrashes(this.#id, 0);
  }
}
