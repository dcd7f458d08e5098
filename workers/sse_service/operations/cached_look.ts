import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";

/** Times in milliseconds. */
export interface CachedLookOptions {
  /** What is looked at, as errors name it. */
  readonly dependency: string;
  /** How long an answer is good for. @default 1_000 */
  readonly freshMs?: number;
  /** How long an answer is waited for. @default 2_000 */
  readonly patienceMs?: number;
  /** A clock that never jumps. @default performance.now */
  readonly clock?: () => number;
}

/**
 * The same `look`, that costs one question however many ask, and does not hang: while an answer is owed nobody asks
 * again, and whoever has waited long enough gets an {@link OutageError}.
 */
export function cachedLook<T>(look: () => Promise<T>, options: CachedLookOptions): () => Promise<T> {
  const { dependency, freshMs = 1_000, patienceMs = 2_000, clock = () => performance.now() } = options;
  let known: { readonly value: T; readonly at: number } | null = null;
  let asking: Promise<T> | null = null;
  const ask = () =>
    asking ??= look().then((value) => {
      known = { value, at: clock() };
      return value;
    }).finally(() => asking = null);
  return async () => {
    if (known && clock() - known.at < freshMs) return known.value;
    const answer = ask();
    answer.catch(() => {}); // it may fail after nobody waits for it any more
    const answered = new AbortController();
    const late = sleep(patienceMs, answered.signal).then(() => {
      const cause = new Error(`no answer within ${patienceMs} ms`);
      throw new OutageError(dependency, "look at its figures", { cause });
    });
    late.catch(() => {});
    try {
      return await Promise.race([answer, late]);
    } finally {
      answered.abort();
    }
  };
}
