/**
 * Reading a container's log from the file that the Engine writes, which spares the Engine reading it back: that costs it
 * twice as much as writing did. The Engine is only asked to tell when something was written, and not even that while
 * much is.
 *
 * @module
 */
import { sleep } from "../run/sleep.ts";
import { JsonLogDecoder } from "./json_log.ts";
import type { Fragment, LineRange } from "./runtime.ts";
import { WriteHints } from "./write_hints.ts";

/** As much is read at once (bytes). */
const CHUNK_BYTES = 256 * 1024;
/** A file of which nothing is heard is looked at this often: hints may be lost (ms). */
const IDLE_MS = 10_000;
/** How long to wait after a hint for more to come (ms): when few fragments come, and when some do. */
const GATHER_MS = { few: 1, some: 20 };
/** From so many fragments in one look on they are some; and many, so that the next look waits for no hint. */
const SOME = 5;
const MANY = 100;

/** A log file that grows without end; it may be gone from its folder and is still read. */
export class JsonLogFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #decoder = new JsonLogDecoder();
  #offset = 0;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Null if there is no such file, or none that may be read. */
  static async open(path: string): Promise<JsonLogFile | null> {
    try {
      return new JsonLogFile(await Deno.open(path));
    } catch {
      return null;
    }
  }

  /**
   * What was written since the last call, or a part of it; null if there is nothing more for now.
   *
   * @throws {LogFormatError} if it is not what json-file writes.
   */
  async read(): Promise<Fragment[] | null> {
    const left = (await this.#file.stat()).size - this.#offset;
    if (left <= 0) return null;
    const buffer = new Uint8Array(Math.min(left, CHUNK_BYTES)); // none is kept: thousands may be followed
    const count = await this.#file.read(buffer) ?? 0;
    this.#offset += count;
    return count === 0 ? null : this.#decoder.decode(buffer.subarray(0, count));
  }

  /** Whether somebody has emptied it: then what is written now is not found here. */
  async isCut(): Promise<boolean> {
    return (await this.#file.stat()).size < this.#offset;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * As `Runtime.lines()`. `writes` gives something whenever something is written after `since`, and ends with the container.
 *
 * @throws {LogFormatError}
 */
export async function* fileLines(
  file: JsonLogFile,
  range: LineRange,
  writes: (since: string | null, signal: AbortSignal) => AsyncIterable<unknown>,
  signal: AbortSignal,
): AsyncGenerator<Fragment[]> {
  const since = range.since ?? "";
  let last = range.since ?? null;
  let found = 0;
  async function* news(): AsyncGenerator<Fragment[]> {
    found = 0;
    for (let read = await file.read(); read && !signal.aborted; read = await file.read()) {
      const wanted = since ? read.filter(({ time }) => time >= since) : read;
      last = wanted.at(-1)?.time ?? last;
      found += wanted.length;
      if (wanted.length > 0) yield wanted;
    }
  }
  yield* news();
  if (!range.follow) return;
  using hints = new WriteHints((stop) => writes(last, stop), signal);
  while (!signal.aborted) {
    if (found >= MANY) {
      hints.close();
      await sleep(GATHER_MS.some, signal);
    } else await hints.next(IDLE_MS, found >= SOME ? GATHER_MS.some : GATHER_MS.few);
    const isLast = hints.ended;
    yield* news();
    if (isLast || (found === 0 && await file.isCut())) return;
  }
}
