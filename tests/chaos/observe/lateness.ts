/** Time between two beats (ms). */
const BEAT_MS = 100;

/** How late this process's own timers come: what the machine takes longer for is no fault of the system. */
export class Lateness implements Disposable {
  /** The latest so far (ms). */
  mostMs = 0;
  readonly #timer: ReturnType<typeof setInterval>;
  #dueAt = performance.now() + BEAT_MS;

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.mostMs = Math.max(this.mostMs, Math.round(now - this.#dueAt));
      this.#dueAt = now + BEAT_MS;
    }, BEAT_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
