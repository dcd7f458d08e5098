/**
 * The one place that writes to a client's response. Sending never waits and never holds more than a bound: whoever
 * sends is told when the client does not keep up.
 *
 * What is sent waits here until it is clear where it goes: to the connection itself, if the server gives it away
 * (`direct_body.ts`), or else to whoever reads {@linkcode ClientStream.body}.
 *
 * @module
 */
import { type Connection, declareDirect, type DirectBody } from "../http/direct_body.ts";

/** Most that waits for one client (bytes): a few thousand lines at once are no reason to fall behind. */
export const DEFAULT_BUFFER_BYTES = 1_048_576;

/** A response body of server-sent events. */
export class ClientStream implements DirectBody {
  readonly body: ReadableStream<Uint8Array>;
  readonly #bound: number;
  readonly #onGone: () => void;
  /** Where chunks go. */
  #sink: Connection = new Held();
  #closed = false;
  #hasRoom: PromiseWithResolvers<void> | null = null;

  /**
   * `onGone` is called when the client has left, and not after `close`. `bound`: most that waits for it (bytes), but
   * for one chunk more.
   */
  constructor(onGone: () => void, bound: number = DEFAULT_BUFFER_BYTES) {
    this.#bound = bound;
    this.#onGone = onGone;
    this.body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        this.connect(new Queue(controller));
        this.drained();
      },
      cancel: () => this.gone(),
    }, { highWaterMark: 0, size: (chunk) => chunk.byteLength });
    declareDirect(this.body, this);
  }

  /** Whether the client has left, or was sent the end. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that wait for the client. */
  get waiting(): number {
    return this.#closed ? 0 : this.#sink.waiting;
  }

  /** Sends a chunk, which may be shared with others; false if it was not taken, as the client does not keep up. */
  send(chunk: Uint8Array): boolean {
    if (this.#closed || this.#full) return false;
    this.#sink.write(chunk);
    return true;
  }

  /** Resolves when `send` would take a chunk, or the client has left. */
  async ready(): Promise<void> {
    while (!this.#closed && this.#full) {
      this.#hasRoom ??= Promise.withResolvers();
      await this.#hasRoom.promise;
    }
  }

  /** Ends the response after `last` and all that waits. */
  close(last?: Uint8Array): void {
    if (this.#closed) return;
    this.#closed = true;
    if (last) this.#sink.write(last);
    this.#sink.end();
    this.drained();
  }

  /** See {@linkcode DirectBody.connect}. */
  connect(connection: Connection): void {
    if (!(this.#sink instanceof Held)) return;
    const held = this.#sink;
    this.#sink = connection;
    held.handOver(connection);
  }

  /** See {@linkcode DirectBody.drained}. */
  drained(): void {
    this.#hasRoom?.resolve();
    this.#hasRoom = null;
  }

  /** See {@linkcode DirectBody.gone}. */
  gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.drained();
    this.#onGone();
  }

  get #full(): boolean {
    return this.#sink.waiting >= Math.max(this.#bound, this.#sink.drainedFrom);
  }
}

/** Chunks whose way is not clear yet. */
class Held implements Connection {
  readonly #chunks: Uint8Array[] = [];
  readonly drainedFrom = 0;
  waiting = 0;
  #ended = false;

  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.waiting += chunk.byteLength;
  }

  end(): void {
    this.#ended = true;
  }

  handOver(connection: Connection): void {
    for (const chunk of this.#chunks) connection.write(chunk);
    if (this.#ended) connection.end();
  }
}

/** Chunks for whoever reads the body as a stream. */
class Queue implements Connection {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly drainedFrom = 1;

  constructor(controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#controller = controller;
  }

  get waiting(): number {
    return 0 - (this.#controller.desiredSize ?? 0);
  }

  write(chunk: Uint8Array): void {
    this.#controller.enqueue(chunk);
  }

  end(): void {
    this.#controller.close();
  }
}
