import { visibleJson } from "./visible_bytes.ts";

/** Whoever read our output has gone, as `head` does. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/** What was to be written could not be: a full disk, say. */
export class OutputFailedError extends Error {
  override readonly name = "OutputFailedError";
}

/** As much of `Deno.stdout` as output needs. */
export type Sink = Pick<typeof Deno.stdout, "writeSync">;

/**
 * Where results go. All methods throw {@link OutputClosedError} when nobody reads any more, and
 * {@link OutputFailedError} when they cannot be written for another reason.
 */
export class Output {
  readonly #sink: Sink;

  constructor(sink: Sink = Deno.stdout) {
    this.#sink = sink;
  }

  /** Writes text and the end of a line. */
  line(text: string): void {
    this.bytes(new TextEncoder().encode(`${text}\n`));
  }

  /** Writes an object on a line of its own. */
  json(value: unknown): void {
    this.line(visibleJson(value));
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.#sink.writeSync(bytes.subarray(at));
    } catch (cause) {
      if (cause instanceof Deno.errors.BrokenPipe) {
        throw new OutputClosedError("Cannot write: nobody reads any more", { cause });
      }
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new OutputFailedError(`Cannot write: ${why}`, { cause });
    }
  }
}
