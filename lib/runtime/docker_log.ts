/**
 * One container's log at the Docker Engine → fragments.
 *
 * @module
 */
import { OutageError } from "../run/outage_error.ts";
import { epochSeconds } from "./canonical_time.ts";
import type { DockerEngine, Inspected, LogQuery } from "./docker_engine.ts";
import { fragmentDecoder, LogFormatError } from "./docker_frames.ts";
import { fileLines, JsonLogFile } from "./json_log_file.ts";
import { LineBegins } from "./line_begins.ts";
import { type LogRotation, logRotation } from "./log_rotation.ts";
import { rotatingLines, type RotatingLog } from "./rotating_lines.ts";
import { type Fragment, type LineRange, LogsUnavailableError } from "./runtime.ts";
import { streamBatches } from "./stream_batches.ts";

/** Longest wait for the first or last line of a log (ms). */
const ONE_LINE_TIMEOUT_MS = 20_000;

/** Log drivers that store all pieces of one line with one time. */
const ONE_TIME_PER_LINE = new Set(["json-file", "local"]);

/** Which part of a log is asked for; what is missing or null leaves nothing out. */
interface LogPart {
  readonly since?: string | null;
  readonly tail?: number;
}

/** Every method throws {@link OutageError} and {@link LogsUnavailableError} as `Runtime.lines()` does. */
export class DockerLog {
  readonly #engine: DockerEngine;
  readonly #id: string;
  readonly #tty: boolean;
  readonly #driver: string;
  readonly #rotation: LogRotation | null;
  /** The file that the Engine writes it to, if it may be read there. */
  #path: string | null;

  private constructor(engine: DockerEngine, { Id, Config, HostConfig }: Inspected, dir: string | null) {
    this.#engine = engine;
    this.#id = Id;
    this.#tty = Config.Tty;
    this.#driver = HostConfig?.LogConfig?.Type ?? "";
    this.#rotation = logRotation(this.#driver, HostConfig?.LogConfig?.Config ?? {});
    const isFile = dir !== null && this.#driver === "json-file" && this.#rotation === null;
    this.#path = isFile ? `${dir}/${Id}/${Id}-json.log` : null;
  }

  /**
   * The log of a container that was inspected; what is read of it here never changes. `dir`: the Engine's folder of
   * containers; null: the Engine is asked for all logs.
   */
  static of(engine: DockerEngine, container: Inspected, dir: string | null): DockerLog {
    return new DockerLog(engine, container, dir);
  }

  /** Asks what kind of log it is. */
  static async open(
    engine: DockerEngine,
    id: string,
    dir: string | null,
    signal?: AbortSignal,
  ): Promise<DockerLog> {
    const container = await engine.inspect(id, signal);
    if (!container) throw new LogsUnavailableError(id, { cause: "no such container" });
    return new DockerLog(engine, container, dir);
  }

  /** See `Runtime.lines()`. */
  async *lines(range: LineRange, signal: AbortSignal): AsyncGenerator<Fragment[]> {
    const begins = new LineBegins({ oneTimePerLine: ONE_TIME_PER_LINE.has(this.#driver) });
    using file = this.#path === null ? null : await JsonLogFile.open(this.#path);
    const source = this.#rotation
      ? rotatingLines(this.#rotating(this.#rotation), range, signal)
      : file
      ? this.#ofFile(file, range, signal)
      : this.#read({ since: range.since ?? null }, range.follow, signal);
    for await (const fragments of source) yield begins.mark(fragments);
  }

  /** Nobody but the Engine should write there. Where somebody has, the Engine is asked from then on. */
  async *#ofFile(file: JsonLogFile, range: LineRange, signal: AbortSignal): AsyncGenerator<Fragment[]> {
    try {
      yield* fileLines(file, range, (since, stop) => this.#read({ since, tail: 1 }, true, stop), signal);
    } catch (cause) {
      this.#path = null;
      throw new OutageError("docker", `read the log file of container "${this.#id}"`, { cause });
    }
  }

  /** See `Runtime.lastFragment()`. */
  async last(signal?: AbortSignal): Promise<Fragment | null> {
    return await this.#inTime("end", signal, async (stop) => {
      let last: Fragment | null = null;
      for await (const fragments of this.#read({ tail: 1 }, false, stop)) last = fragments.at(-1) ?? last;
      return last;
    });
  }

  #rotating(rotation: LogRotation): RotatingLog {
    return {
      rotation,
      read: (part, signal) => this.#read(part, false, signal),
      first: (signal) => this.#first(signal),
      writes: (since, signal) => this.#read({ since, tail: 1 }, true, signal),
    };
  }

  async #first(signal: AbortSignal): Promise<Fragment | null> {
    return await this.#inTime("begin", signal, async (stop) => {
      for await (const [first] of this.#read({}, false, stop)) return first ?? null;
      return null;
    });
  }

  async #inTime(
    what: string,
    signal: AbortSignal | undefined,
    read: (signal: AbortSignal) => Promise<Fragment | null>,
  ): Promise<Fragment | null> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ONE_LINE_TIMEOUT_MS);
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    try {
      const fragment = await read(either);
      if (!either.aborted) return fragment;
      throw new OutageError("docker", `read the ${what} of the log of container "${this.#id}"`);
    } finally {
      clearTimeout(timer);
    }
  }

  async *#read(part: LogPart, follow: boolean, signal: AbortSignal): AsyncGenerator<Fragment[]> {
    const decoder = fragmentDecoder({ tty: this.#tty, mended: this.#driver === "json-file" });
    const stream = await this.#engine.logs(this.#id, queryOf(part, follow), signal);
    try {
      for await (const chunks of streamBatches(stream, signal)) {
        const fragments = chunks.flatMap((chunk) => decoder.decode(chunk));
        if (fragments.length > 0) yield fragments;
      }
      const fragments = signal.aborted ? [] : decoder.end();
      if (fragments.length > 0) yield fragments;
    } catch (cause) {
      if (cause instanceof LogFormatError) throw new LogsUnavailableError(this.#id, { cause });
      throw new OutageError("docker", `read the log of container "${this.#id}"`, { cause });
    }
  }
}

function queryOf({ since, tail }: LogPart, follow: boolean): LogQuery {
  return {
    follow,
    ...(since ? { since: epochSeconds(since) } : {}),
    ...(tail === undefined ? {} : { tail }),
  };
}
