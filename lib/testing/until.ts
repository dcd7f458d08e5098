import { sleep } from "../run/sleep.ts";

/**
 * Waits until `condition` gives something true, and returns it. The time limit is there for what would never come: a
 * busy machine is slow. @throws {Error} after `ms`, naming `what`.
 */
export async function until<T>(
  what: string,
  condition: () => Promise<T> | T,
  ms = 60_000,
): Promise<Exclude<T, null | undefined | false | 0 | "">> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, null | undefined | false | 0 | "">;
    if (performance.now() > deadline) throw new Error(`Cannot go on: still not ${what} after ${ms} ms`);
    await sleep(25);
  }
}
