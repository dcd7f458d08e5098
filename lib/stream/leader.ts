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
  /** This process: one that starts under the name of the leader takes over at once, as the leader come back. */
  readonly replica: string;
  readonly ttlMs: number;
  readonly log: Logger;
  /** A clock that never jumps. @default performance.now */
  readonly now?: () => number;
}

// The leader is `{replica}:{random}`; ARGV[3] the name of a replica whose lease may be taken over, or empty.
const HOLD = `
local leader = redis.call('GET', KEYS[1])
local again = leader and ARGV[3] ~= '' and string.sub(leader, 1, #ARGV[3] + 1) == ARGV[3] .. ':'
if leader and leader ~= ARGV[1] and not again then return 0 end
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
  const self = `${replica}:${crypto.randomUUID().slice(0, 8)}`;
  // Until Redis has answered once. Later two replicas of one name (of one host, each in a process tree of its own)
  // would take the lease from each other for ever.
  let isNew = true;
  let waiting = false;
  while (!signal.aborted) {
    const term = new Term(redis, { ...options, self });
    const state = await term.renew(signal, isNew ? replica : "");
    if (state !== "unknown") isNew = false;
    if (state === "held") {
      log.info({ key, replica }, "leading");
      waiting = false;
      const outcome = await term.lead(signal, work)
        .finally(() => redisAnswer(redis.eval(RELEASE, 1, key, self), ttlMs / 3));
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
  readonly #options: LeaderOptions & { self: string };
  readonly #now: () => number;
  /** Before this moment nobody else can have become leader. */
  #heldUntil = 0;

  constructor(redis: Redis, options: LeaderOptions & { self: string }) {
    this.#redis = redis;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Takes or keeps the lease; that of a replica with the name `predecessor`, too, unless it is empty. */
  async renew(
    signal: AbortSignal,
    predecessor = "",
    withinMs = this.#options.ttlMs / 3,
  ): Promise<"held" | "taken" | "unknown"> {
    const { key, self, ttlMs } = this.#options;
    const asked = this.#now();
    const answer = await redisAnswer(
      this.#redis.eval(HOLD, 1, key, self, ttlMs, predecessor),
      withinMs,
      signal,
    );
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
    /** Until the work must be told to end: a moment before the lease does (ms). */
    const left = () => this.#heldUntil - ttlMs / 15 - this.#now();
    while (!ended.signal.aborted && outcome === "done") {
      await sleep(Math.min(ttlMs / 5, left()), ended.signal);
      if (ended.signal.aborted) break;
      const state = await this.renew(ended.signal, "", Math.min(ttlMs / 3, left()));
      if (state === "taken") outcome = "taken";
      else if (state === "unknown" && left() <= 0) outcome = "not renewed";
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
