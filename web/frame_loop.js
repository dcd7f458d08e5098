// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/**
 * Batches changes into animation frames.
 *
 * @module
 */

/** What streams in is shown this often, so that rendering leaves time for everything else. */
const STREAM_EVERY_MS = 100;

/** Calls `frame` at most once per animation frame, until `signal` aborts. */
export class FrameLoop {
  #frame;
  #signal;
  #scheduled = false;
  #shownAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;

  /**
   * @param {() => void} frame
   * @param {AbortSignal} signal
   */
  constructor(frame, signal) {
    this.#frame = frame;
    this.#signal = signal;
  }

  /** In the next frame: for what the reader did. */
  soon() {
    if (this.#scheduled || this.#signal.aborted) return;
    this.#scheduled = true;
    requestAnimationFrame((time) => {
      this.#scheduled = false;
      this.#shownAt = time;
      if (!this.#signal.aborted) this.#frame();
    });
  }

  /** In the next frame after a pause, otherwise no more often than can be read: for what streams in. */
  calmly() {
    if (this.#scheduled || this.#later !== undefined) return;
    const rest = this.#shownAt + STREAM_EVERY_MS - performance.now();
    if (rest <= 0) return this.soon();
    this.#later = setTimeout(() => {
      this.#later = undefined;
      this.soon();
    }, rest);
  }
}
