/**
 * Lets work be done side by side, or by itself: as long as something is done alone, nothing else is. First come,
 * first served.
 */
export class Solo {
  /** Resolves when everything that was asked for so far is over. */
  #all: Promise<unknown> = Promise.resolve();
  /** Resolves when the last work that was to be done alone is over. */
  #lastAlone: Promise<unknown> = Promise.resolve();

  /** Does `act` beside others of its kind. */
  together<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#lastAlone.then(act);
    // Without the last step each promise would hold the results of all before it.
    this.#all = Promise.allSettled([this.#all, done]).then(() => {});
    return done;
  }

  /** Does `act` when all that was asked for before is over, and lets nothing begin until it is over. */
  alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#all.then(act);
    this.#all = this.#lastAlone = done.then(() => {}, () => {});
    return done;
  }
}
