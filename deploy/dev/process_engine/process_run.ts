import type { Logger } from "lib/run/log.ts";
import { sleep } from "lib/run/sleep.ts";
import { wouldReach } from "./caught_signals.ts";
import { CannotStartError } from "./executable.ts";
import { LineSplitter, type LogEntry } from "./line_splitter.ts";
import type { LogFile } from "./log_file.ts";
import type { StreamNumber } from "./log_record.ts";
import type { NanoClock } from "./nano_time.ts";
import { SIGKILL, type Signal } from "./signals.ts";
import { validUtf8 } from "./valid_utf8.ts";

/** What to run. `file` is the program's path; `environment` is all the process gets. */
export interface RunCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a run's output goes. */
export interface RunOptions {
  readonly log: LogFile;
  readonly clock: NanoClock;
  readonly logger: Logger;
}

/** How a run ended: 128 + signal if a signal ended it. */
export interface RunEnd {
  readonly exitCode: number;
  readonly finishedNanos: bigint;
}

/** So long, in milliseconds, a run's output may stay open after its process has ended. */
const DRAIN_MS = 2_000;

/**
 * One run of a container's process, which leads a process group of its own. As in a container, the others of the
 * group do not outlive it.
 */
export class ProcessRun {
  readonly #child: Deno.ChildProcess;
  /** Set when the process has ended: its number may soon be another's. */
  #isOver = false;
  /** Resolves when the process has ended and its output is in the log; never rejects. */
  readonly ended: Promise<RunEnd>;

  /** @throws {CannotStartError} if the system refuses to run the file. */
  constructor(command: RunCommand, options: RunOptions) {
    this.#child = spawn(command);
    const endLog = options.log.begin();
    this.ended = this.#watch(options).finally(endLog);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal to the process as to the first one of a container; SIGKILL to its whole group. */
  async signal(signal: Signal): Promise<void> {
    if (!await wouldReach(this.pid, signal) || this.#isOver) return;
    kill(signal.name === SIGKILL.name ? -this.pid : this.pid, signal.name);
  }

  async #watch(options: RunOptions): Promise<RunEnd> {
    const late = new AbortController();
    const drained = Promise.all([
      copyOutput(this.#child.stdout, { ...options, stream: 1, late: late.signal }),
      copyOutput(this.#child.stderr, { ...options, stream: 2, late: late.signal }),
    ]);
    const { code } = await this.#child.status;
    const finishedNanos = options.clock();
    this.#isOver = true;
    kill(-this.pid, SIGKILL.name);
    const done = new AbortController();
    await Promise.race([drained.finally(() => done.abort()), sleep(DRAIN_MS, done.signal)]);
    late.abort();
    await drained;
    return { exitCode: code, finishedNanos };
  }
}

function spawn(command: RunCommand): Deno.ChildProcess {
  try {
    return new Deno.Command(command.file, {
      args: [...command.args],
      cwd: command.cwd,
      env: { ...command.environment },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "no such file or directory" : "exec format error";
    const code = cause instanceof Deno.errors.NotFound ? 127 : 126;
    throw new CannotStartError(code, command.file, reason, { cause });
  }
}

interface CopyOptions extends RunOptions {
  readonly stream: StreamNumber;
  /** Gives the copying up: something outside the group still holds the pipe. */
  readonly late: AbortSignal;
}

/** Copies until the stream ends. What cannot be saved is lost, as with the Engine, and the process goes on. */
async function copyOutput(output: ReadableStream<Uint8Array>, options: CopyOptions): Promise<void> {
  const { stream, log, clock, logger, late } = options;
  const splitter = new LineSplitter(clock);
  const save = (entries: readonly LogEntry[]) => {
    try {
      log.append(stream, entries.map(({ nanos, bytes }) => ({ nanos, bytes: validUtf8(bytes) })));
    } catch (error) {
      logger.error({ error, path: log.path, entries: entries.length }, "log entries lost");
    }
  };
  const reader = output.getReader();
  late.addEventListener("abort", () => void reader.cancel(), { once: true });
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    save(splitter.push(read.value));
  }
  save(splitter.end());
}

/** Signals a process, or a group if `pid` is negative. One that has gone meanwhile is what was wanted. */
function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
