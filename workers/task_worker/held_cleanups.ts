/**
 * Cleanups that wait for logs to be stored. The queue tries each again after a pause that grows; here their proofs
 * are looked for all the time, so that none waits longer than it must.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { sleep } from "lib/run/sleep.ts";
import type { Logger } from "lib/run/log.ts";
import type { Worker } from "lib/run/worker.ts";

/** What looking for proofs needs. */
export interface HeldCleanupsOptions {
  readonly redis: Redis;
  /** Has a job's cleanup tried again now. */
  readonly hurry: (jobId: string) => Promise<void>;
  /** Pause between two looks (ms). */
  readonly everyMs: number;
  readonly log: Logger;
}

/** Looks after which a cleanup is forgotten: it was held long ago, and is another replica's now, or over. */
const MAX_LOOKS = 400;
/** Times that a cleanup is hurried on: the first may come before it is back in the queue. */
const LAST_LOOKS = 3;

interface Held {
  /** Of each list, one key must be there. */
  readonly proofs: readonly (readonly string[])[];
  looksLeft: number;
}

/** See the module's description. Keeps nothing that matters: a cleanup that is not known here waits for its turn. */
export class HeldCleanups implements Worker {
  readonly name = "held cleanups";
  readonly #options: HeldCleanupsOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: HeldCleanupsOptions) {
    this.#options = options;
  }

  /** Looks for proofs of the job from now on: of each list in `proofs` one key must be there. */
  hold(jobId: string, proofs: readonly (readonly string[])[]): void {
    this.#held.set(jobId, { proofs, looksLeft: MAX_LOOKS });
  }

  /** Looks no more: the job's cleanup is being tried. */
  release(jobId: string): void {
    this.#held.delete(jobId);
  }

  /** Looks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.runOnce().catch((error) =>
        this.#options.log.warn({ error }, "cannot look for proofs of logs")
      );
      await sleep(this.#options.everyMs, signal);
    }
  }

  /** One look; returns the jobs that were hurried on. */
  async runOnce(): Promise<string[]> {
    const present = await this.#presentKeys();
    const ready: string[] = [];
    for (const [jobId, held] of this.#held) {
      const proven = held.proofs.every((keys) => keys.some((key) => present.has(key)));
      if (proven) ready.push(jobId);
      held.looksLeft = Math.min(held.looksLeft, proven ? LAST_LOOKS : MAX_LOOKS) - 1;
      if (held.looksLeft <= 0) this.#held.delete(jobId);
    }
    for (const jobId of ready) await this.#options.hurry(jobId);
    return ready;
  }

  async #presentKeys(): Promise<Set<string>> {
    const keys = [...this.#held.values()].flatMap(({ proofs }) => proofs.flat());
    if (keys.length === 0) return new Set();
    const values = await this.#options.redis.mget(keys);
    return new Set(keys.filter((_, index) => values[index] !== null));
  }
}
