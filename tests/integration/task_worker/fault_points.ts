/**
 * Crashes at every point between two effects: between any two statements, around a commit, before and after each
 * call to Redis, the queue and pfcon. The points are found by running: a statement that is added to the product is
 * a point by itself, and one that went past these wrappers is refused.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { Redis } from "ioredis";
import type { PfconClient } from "lib/pfcon/client.ts";
import type { Sql } from "lib/store/open.ts";

/** Where the process would have died. */
export class InjectedCrash extends Error {
  override readonly name = "InjectedCrash";
}

/** Ways to Postgres on which no statement would be seen. */
const UNSEEN = ["unsafe", "file", "reserve", "savepoint", "subscribe", "listen"];

/** Lets a process die at one of its points; after that everything it asks for fails. */
export class FaultPoints {
  /** What the points passed so far were, in short. */
  readonly passed: string[] = [];
  readonly #isFatal: (what: string, number: number) => boolean;
  readonly #death = new AbortController();

  /** `isFatal` is told what is about to happen, or has just happened, and the point's number from 1. */
  constructor(isFatal: (what: string, number: number) => boolean = () => false) {
    this.#isFatal = isFatal;
  }

  /** Aborts when the process dies, so that nothing in it waits for better times. */
  get signal(): AbortSignal {
    return this.#death.signal;
  }

  /** Where it died, or null. */
  get crash(): string | null {
    return this.signal.aborted ? `crash at point ${this.passed.length}: ${this.passed.at(-1)}` : null;
  }

  /** Passes a point. @throws {InjectedCrash} */
  pass(what: string): void {
    if (!this.signal.aborted) {
      this.passed.push(shortly(what));
      if (this.#isFatal(what, this.passed.length)) this.#death.abort();
    }
    if (this.crash) throw new InjectedCrash(this.crash);
  }

  /** `sql` with a point before each statement and on both sides of each commit. */
  sql(sql: Sql): Sql {
    return new Proxy(sql, {
      apply: (target, self, args) => {
        if (isStatement(args[0])) this.pass(args[0].join("?"));
        return Reflect.apply(target, self, args);
      },
      get: (target, key, receiver) => {
        if (UNSEEN.includes(String(key))) {
          throw new TypeError(`Cannot use sql.${String(key)}: no fault points`);
        }
        if (key !== "begin") return Reflect.get(target, key, receiver);
        return async (body: (tx: Sql) => Promise<unknown>) => {
          this.pass("BEGIN");
          const result = await target.begin(async (tx) => {
            const result = await body(this.sql(tx as unknown as Sql));
            this.pass("before the commit");
            return result;
          });
          this.pass("after the commit");
          return result;
        };
      },
    });
  }

  /** `redis` with points around each command. */
  redis(redis: Redis): Redis {
    return this.around(redis);
  }

  /** `pfcon` with points around each call. */
  pfcon(pfcon: PfconClient): PfconClient {
    return this.around(pfcon);
  }

  /** `target` with a point before and after each call that takes time. */
  around<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value = Reflect.get(object, key, object);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          this.pass(`before ${String(key)}`);
          const result = value.apply(object, args);
          if (!(result instanceof Promise)) return result;
          return result.then((value) => {
            this.pass(`after ${String(key)}`);
            return value;
          });
        };
      },
    });
  }
}

/**
 * Runs `task` with a crash at the first point, again from the start with one at the second, and so on until it
 * runs through. `prepare` comes before each, `check` after each, when `task` has been repeated without a crash.
 * Returns what the points were.
 */
export async function crashEverywhere(
  { prepare, task, check }: {
    readonly prepare: () => Promise<void>;
    readonly task: (points: FaultPoints) => Promise<void>;
    readonly check: (where: string) => Promise<void>;
  },
): Promise<string[]> {
  for (let at = 1;; at++) {
    await prepare();
    const points = new FaultPoints((_, number) => number === at);
    await untilCrash(points, () => task(points));
    if (points.crash) await task(new FaultPoints());
    await check(points.crash ?? "no crash");
    if (!points.crash) return points.passed;
  }
}

/** Runs `task` until it ends or dies at one of its points. */
export async function untilCrash(points: FaultPoints, task: () => Promise<unknown>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!points.crash) throw error;
  }
}

/** Asserts that `wanted` are among the points, in this order: each the beginning of one. */
export function assertPassed(passed: readonly string[], wanted: readonly string[]): void {
  let next = 0;
  for (const point of passed) if (point.startsWith(wanted[next] ?? "\0")) next++;
  assert(
    next === wanted.length,
    `"${wanted[next]}" was not passed in its place; passed were\n${passed.join("\n")}`,
  );
}

/** A statement in one line that says what it does to which table. */
function shortly(what: string): string {
  const line = what.replace(/\s+/g, " ").trim();
  return /^SELECT\b.*?\b(FROM \w+)/.exec(line)?.[1]?.replace(/^/, "SELECT ") ?? line.slice(0, 60);
}

function isStatement(value: unknown): value is string[] {
  return Array.isArray(value) && "raw" in value;
}
