/**
 * One of several replicas works, the others stand by (architecture.md §7). Nothing rests on there being one
 * leader only: a replica that was paused past its lease may for a moment work beside its successor.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { Logger } from "../run/log.ts";
import { sleep } from "../run/sleep.ts";

/** How leadership is held; times in milliseconds. */
export interface LeaderOptions {
  /** Key that holds the leader's name. */
  readonly key: string;
  /** This process. One that comes back under the same name takes over at once. */
  readonly replica: string;
  readonly ttlMs: number;
  readonly log: Logger;
  /** A clock that never jumps. @default performance.now */
  readonly now?: () => number;
}

const HOLD = `
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/**
 * Waits to become leader, then runs `work` until `signal` aborts; its own signal aborts too when leadership is
 * lost (another leads, or no renewal got through for the lease's length): then waits to become leader again.
 *
 * Resolves when `signal` has aborted and `work` is done, or when `work` ends by itself; rejects when it does.
 */
export async function runAsLeader(
  redis: Redis,
  options: LeaderOptions,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { key, replica, ttlMs, log } = options;
  let waiting = false;
  while (!signal.aborted) {
    const term = new Term(redis, options);
    if (await term.renew(signal) === "held") {
      log.info({ key, replica }, "leading");
      waiting = false;
      const outcome = await term.lead(signal, work)
        .finally(() => redisAnswer(redis.eval(RELEASE, 1, key, replica), ttlMs / 3));
      if (outcome === "done") return;
      log.warn({ key, replica, outcome }, "lost leadership");
    } else if (!waiting && !signal.aborted) {
      waiting = true;
      log.info({ key, replica }, "standing by: another replica leads, or redis does not answer");
    }
    await sleep(ttlMs / 5, signal);
  }
}

class Term {
  readonly #redis: Redis;
  readonly #options: LeaderOptions;
  readonly #now: () => number;
  /** Before this moment nobody else can have become leader. */
  #heldUntil = 0;

  constructor(redis: Redis, options: LeaderOptions) {
    this.#redis = redis;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async renew(signal: AbortSignal): Promise<"held" | "taken" | "unknown"> {
    const { key, replica, ttlMs } = this.#options;
    const asked = this.#now();
    const answer = await redisAnswer(this.#redis.eval(HOLD, 1, key, replica, ttlMs), ttlMs / 3, signal);
    if (answer === 1) this.#heldUntil = asked + ttlMs;
    return answer === 1 ? "held" : answer === 0 ? "taken" : "unknown";
  }

  async lead(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<"done" | "taken" | "not renewed"> {
    const { ttlMs } = this.#options;
    const lost = new AbortController();
    const ended = new AbortController();
    const working = work(AbortSignal.any([signal, lost.signal])).finally(() => ended.abort());
    working.catch(() => {}); // awaited below
    let outcome: "done" | "taken" | "not renewed" = "done";
    while (!ended.signal.aborted && outcome === "done") {
      await sleep(ttlMs / 5, ended.signal);
      if (ended.signal.aborted) break;
      const state = await this.renew(ended.signal);
      if (state === "taken") outcome = "taken";
      else if (state === "unknown" && this.#now() > this.#heldUntil - ttlMs / 5) outcome = "not renewed";
    }
    if (outcome !== "done") lost.abort();
    await working;
    return outcome;
  }
}

/** The answer, or undefined if there is none in time. */
async function redisAnswer(call: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<unknown> {
  const settled = new AbortController();
  const either = signal ? AbortSignal.any([signal, settled.signal]) : settled.signal;
  try {
    return await Promise.race([call.catch(() => undefined), sleep(ms, either)]);
  } finally {
    settled.abort();
  }
}
