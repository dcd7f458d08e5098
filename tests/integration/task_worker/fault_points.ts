/**
 * Crashes at every point between two effects: between any two statements, around a commit, before and after each
 * call to Redis and pfcon.
 *
 * @module
 */
import type { Redis } from "ioredis";
import type { PfconClient } from "lib/pfcon/client.ts";
import type { Sql } from "lib/store/open.ts";

/** Where the process would have died. */
export class InjectedCrash extends Error {
  override readonly name = "InjectedCrash";
}

/** Lets a process die at one of its points; after that everything it asks for fails. */
export class FaultPoints {
  readonly #isFatal: (what: string, number: number) => boolean;
  #passed = 0;
  #dead = false;

  /** `isFatal` is told what is about to happen, or has just happened, and the point's number from 1. */
  constructor(isFatal: (what: string, number: number) => boolean = () => false) {
    this.#isFatal = isFatal;
  }

  /** Passes a point. @throws {InjectedCrash} */
  pass(what: string): void {
    this.#dead ||= this.#isFatal(what, ++this.#passed);
    if (this.#dead) throw new InjectedCrash(`crash at point ${this.#passed}: ${what}`);
  }

  /** `sql` with a point before each statement and on both sides of each commit. */
  sql(sql: Sql): Sql {
    return new Proxy(sql, {
      apply: (target, self, args) => {
        this.pass(String(args[0]));
        return Reflect.apply(target, self, args);
      },
      get: (target, key, receiver) => {
        if (key !== "begin") return Reflect.get(target, key, receiver);
        return async (body: (tx: Sql) => Promise<unknown>) => {
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

  /** `redis` with points around each command that the task worker sends. */
  redis(redis: Redis): Redis {
    return this.#around(redis, ["del", "set", "exists", "eval"]);
  }

  /** `pfcon` with points around each call. */
  pfcon(pfcon: PfconClient): PfconClient {
    return this.#around(pfcon, ["schedule", "get", "remove"]);
  }

  #around<T extends object>(target: T, names: readonly string[]): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value = Reflect.get(object, key, object);
        if (typeof value !== "function") return value;
        if (!names.includes(String(key))) return value.bind(object);
        return async (...args: unknown[]) => {
          this.pass(`before ${String(key)}`);
          const result = await value.apply(object, args);
          this.pass(`after ${String(key)}`);
          return result;
        };
      },
    });
  }
}

/**
 * Runs `task` with a crash at the first point, again from the start with one at the second, and so on until it
 * runs through. `prepare` comes before each, `check` after each, when `task` has been repeated without a crash.
 * Returns how many points there were.
 */
export async function crashEverywhere(
  { prepare, task, check }: {
    readonly prepare: () => Promise<void>;
    readonly task: (points: FaultPoints) => Promise<void>;
    readonly check: (where: string) => Promise<void>;
  },
): Promise<number> {
  for (let at = 1;; at++) {
    await prepare();
    const where = await crashOf(() => task(new FaultPoints((_, number) => number === at)));
    if (where !== null) await task(new FaultPoints());
    await check(where ?? "no crash");
    if (where === null) return at - 1;
  }
}

/** What the crash said, or null if there was none. */
async function crashOf(run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    if (error instanceof InjectedCrash) return error.message;
    throw error;
  }
}
