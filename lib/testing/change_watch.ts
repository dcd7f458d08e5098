import { sleep } from "../run/sleep.ts";
import type { Change, Runtime } from "../runtime/runtime.ts";

/** Collects a runtime's changes in the background; disposing ends it. */
export class ChangeWatch implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #seen: Change[] = [];
  #wake = () => {};

  constructor(runtime: Runtime, relistMs: number) {
    this.#ended = (async () => {
      for await (const change of runtime.changes(this.#stop.signal, { relistMs })) {
        this.#seen.push(change);
        this.#wake();
      }
    })();
  }

  /** Forgets what was seen so far. */
  forget(): void {
    this.#seen = [];
  }

  /** The first change of that kind that was seen or comes. @throws {Error} after a minute in vain. */
  async next(wanted: (change: Change) => boolean): Promise<Change> {
    const deadline = AbortSignal.timeout(60_000);
    while (!deadline.aborted) {
      const found = this.#seen.find(wanted);
      this.#seen = found ? this.#seen.slice(this.#seen.indexOf(found) + 1) : [];
      if (found) return found;
      await Promise.race([new Promise<void>((resolve) => this.#wake = resolve), sleep(200)]);
    }
    throw new Error("Cannot see the change: nothing of the kind within a minute");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}
