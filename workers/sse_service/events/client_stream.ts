/**
 * The one place that writes to a client's response. Sending never waits and never holds more than a bound: whoever
 * sends is told when the client does not keep up.
 *
 * @module
 */

/** Most that waits for one client (bytes), but for one chunk more. */
export const CLIENT_BUFFER_BYTES = 262_144;

/** A response body of server-sent events. */
export class ClientStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #bound: number;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #hasRoom: PromiseWithResolvers<void> | null = null;

  /** `onGone` is called when the client has left, and not after `close`. */
  constructor(onGone: () => void, bound: number = CLIENT_BUFFER_BYTES) {
    this.#bound = bound;
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#wake(),
      cancel: () => {
        this.#controller = null;
        this.#wake();
        onGone();
      },
    }, { highWaterMark: bound, size: (chunk) => chunk.byteLength });
  }

  /** Whether the client has left, or was sent the end. */
  get closed(): boolean {
    return this.#controller === null;
  }

  /** Bytes that wait for the client. */
  get waiting(): number {
    return this.#controller ? this.#bound - (this.#controller.desiredSize ?? 0) : 0;
  }

  /** Sends a chunk, which may be shared with others; false if it was not taken, as the client does not keep up. */
  send(chunk: Uint8Array): boolean {
    if (!this.#controller || (this.#controller.desiredSize ?? 0) <= 0) return false;
    this.#controller.enqueue(chunk);
    return true;
  }

  /** Resolves when `send` would take a chunk, or the client has left. */
  async ready(): Promise<void> {
    while (this.#controller && (this.#controller.desiredSize ?? 0) <= 0) {
      this.#hasRoom ??= Promise.withResolvers();
      await this.#hasRoom.promise;
    }
  }

  /** Ends the response after `last` and all that waits. */
  close(last?: Uint8Array): void {
    const controller = this.#controller;
    this.#controller = null;
    try {
      if (last) controller?.enqueue(last);
      controller?.close();
    } catch {
      // The client left while it was being written to.
    }
    this.#wake();
  }

  #wake(): void {
    this.#hasRoom?.resolve();
    this.#hasRoom = null;
  }
}
