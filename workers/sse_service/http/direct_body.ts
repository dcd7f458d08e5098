/**
 * Bodies that write to their connection themselves. A stream costs a reader, two promises and several turns of the
 * event loop for each chunk and client; where one chunk goes to a thousand clients, that is most of the work.
 *
 * A response carries such a body like any other, as a `ReadableStream` that works for whoever reads it. The server
 * looks here whether it may give it the connection instead.
 *
 * @module
 */

/** A connection on which the head of an answer was sent; what follows are the bytes of its body, as they are. */
export interface Connection {
  /** Writes at once what the client takes; the rest waits. */
  write(chunk: Uint8Array): void;
  /** Bytes that wait for the client. */
  readonly waiting: number;
  /** From so many waiting bytes on, {@linkcode DirectBody.drained} is called when none waits any more. */
  readonly drainedFrom: number;
  /** Ends the answer after all that waits. */
  end(): void;
}

/** What writes itself. */
export interface DirectBody {
  /** Is given its connection; nobody reads its stream then. */
  connect(connection: Connection): void;
  /** Nothing waits for the client any more. */
  drained(): void;
  /** The client has left, or has got all of it. */
  gone(): void;
}

const bodies = new WeakMap<ReadableStream, DirectBody>();

/** Lets a stream's source be given the connection. */
export function declareDirect(stream: ReadableStream, body: DirectBody): void {
  bodies.set(stream, body);
}

/** The source of a stream that can do without it, or null. */
export function directBodyOf(stream: ReadableStream): DirectBody | null {
  return bodies.get(stream) ?? null;
}
