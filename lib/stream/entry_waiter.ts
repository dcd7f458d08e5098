import type { Redis } from "ioredis";
import { sleep } from "../run/sleep.ts";

/** How long the connection may keep silent beyond the time of its blocking call before it is made anew (ms). */
const SILENCE_MS = 2_000;
/** Pause after a call that Redis refused (ms). */
const REFUSED_MS = 200;

/**
 * Wakes up when a stream gets entries. It blocks on a connection of its own and only wakes: what is there is
 * then taken under the fence. A connection that is away, or gone without a word, holds nobody up.
 */
export class EntryWaiter {
  readonly #redis: Redis;
  readonly #stream: string;
  /** The blocking call under way; a further one would only queue up behind it. */
  #blocked: Promise<void> | null = null;

  /** `redis` is used for nothing else. */
  constructor(redis: Redis, stream: string) {
    this.#redis = redis;
    this.#stream = stream;
  }

  /** Resolves when the stream may hold entries after `id`, after `ms` at about the latest, or when `signal` aborts. */
  async wait(id: string, ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const blockMs = Math.max(1, Math.round(ms));
    const woken = new AbortController();
    this.#blocked ??= this.#block(id, blockMs).finally(() => this.#blocked = null);
    const woke = this.#blocked.then(() => true);
    const late = sleep(blockMs + SILENCE_MS, AbortSignal.any([signal, woken.signal])).then(() =>
      signal.aborted
    );
    const well = await Promise.race([woke, late]);
    woken.abort();
    if (!well && this.#redis.status === "ready") this.#redis.disconnect(true);
  }

  async #block(id: string, ms: number): Promise<void> {
    try {
      await this.#redis.xread("COUNT", 1, "BLOCK", ms, "STREAMS", this.#stream, id);
    } catch {
      // Whoever waits then looks for himself; a connection that was closed for good is used no more.
      if (this.#redis.status !== "end") await sleep(REFUSED_MS);
    }
  }
}
