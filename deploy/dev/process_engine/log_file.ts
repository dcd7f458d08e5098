import type { LogEntry } from "./line_splitter.ts";
import { encodeRecords, recordBytes, type StreamNumber } from "./log_record.ts";

/** One entry of the index is kept for so many records. */
const STRIDE = 1024;

/** Where a reader may begin: the place of a record that is the `skip`-th last before the wanted one. */
export interface LogPlace {
  readonly offset: number;
  /** Records from there on that are not wanted. */
  readonly skip: number;
}

/** One run of the container's process as a follower sees it. `endSize` is set when nothing more will come. */
export interface LogRun {
  endSize?: number;
}

/**
 * A container's log: a file that is only ever appended to, with a sparse index in memory by which `tail` and
 * `since` find their place without reading it all. Writers need no turn-taking: appending is synchronous.
 */
export class LogFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #index: { offset: number; maxNanosBefore: bigint }[] = [];
  #size = 0;
  #count = 0;
  #maxNanos = 0n;
  #run: LogRun | undefined;
  #changed = Promise.withResolvers<void>();

  /** Creates the file; an older one of that name is emptied. */
  constructor(readonly path: string) {
    this.#file = Deno.openSync(path, { create: true, write: true, truncate: true });
  }

  /** Bytes of whole records. */
  get size(): number {
    return this.#size;
  }

  /** The run under way, if the process is running. */
  get run(): LogRun | undefined {
    return this.#run;
  }

  /** Resolves at the next append or end of a run. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Says that entries may come from now on, until the function returned is called. */
  begin(): () => void {
    const run: LogRun = {};
    this.#run = run;
    return () => {
      run.endSize = this.#size;
      if (this.#run === run) this.#run = undefined;
      this.#wake();
    };
  }

  /** Adds entries of one stream; readers see all of them or none. */
  append(stream: StreamNumber, entries: readonly LogEntry[]): void {
    if (entries.length === 0) return;
    const bytes = encodeRecords(stream, entries);
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    for (const entry of entries) {
      if (this.#count % STRIDE === 0) {
        this.#index.push({ offset: this.#size, maxNanosBefore: this.#maxNanos });
      }
      this.#count++;
      this.#size += recordBytes(entry.bytes.length);
      if (entry.nanos > this.#maxNanos) this.#maxNanos = entry.nanos;
    }
    this.#wake();
  }

  /** Where the last `count` records begin. */
  lastPlace(count: number): LogPlace {
    const first = Math.max(0, this.#count - count);
    if (first >= this.#count) return { offset: this.#size, skip: 0 };
    return { offset: this.#index[Math.floor(first / STRIDE)]?.offset ?? 0, skip: first % STRIDE };
  }

  /** A place before which no record is as late as `nanos`. */
  placeBefore(nanos: bigint): LogPlace {
    const place = this.#index.findLast(({ maxNanosBefore }) => maxNanosBefore < nanos);
    return { offset: place?.offset ?? 0, skip: 0 };
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
