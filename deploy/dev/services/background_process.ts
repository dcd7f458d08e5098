/**
 * Processes that we start, watch and end: each in a process group of its own, with its output in a file.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import { tailOf } from "./tail_of.ts";

/** How a process is started. */
export interface BackgroundProcessOptions {
  /** Name for messages: "redis", "sse_service". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where its output is appended; made by us. */
  readonly logFile: string;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Whether the process gets nothing of our environment beside `env`. @default false */
  readonly clearEnv?: boolean;
  /** As whom it runs; only root may say. */
  readonly user?: { readonly uid: number; readonly gid: number } | null;
  /** What asks it to end. @default "SIGTERM" */
  readonly stopSignal?: Deno.Signal;
}

/** A process did not become what it was started for. Its message ends with the last lines of its log. */
export class StartError extends Error {
  override readonly name = "StartError";

  constructor(
    readonly service: string,
    state: string,
    readonly logTail: string,
    options?: { cause: unknown },
  ) {
    super(
      `Cannot start ${service}: ${state}${logTail ? `\n${logTail.replace(/^/gm, "  | ")}` : ""}`,
      options,
    );
  }
}

/**
 * What the shell does before it becomes the program ($3…): output to the log ($1), and a watcher beside it
 * that holds our end of a pipe. If we end without a word (SIGKILL), the pipe closes, and the watcher stops
 * the program with signal $2, and after ten seconds its whole process group with SIGKILL. A line on the pipe
 * dismisses the watcher.
 */
const LAUNCH = `
log=$1; signal=$2; shift 2
exec 3<&0 </dev/null >>"$log" 2>&1
( ( trap '' TERM INT HUP QUIT
    if ! read -r word <&3; then
      kill -s "$signal" $$ 2>/dev/null; n=0
      while kill -0 $$ 2>/dev/null && [ $n -lt 50 ]; do sleep 0.2; n=$((n+1)); done
      kill -KILL -- -$$ 2>/dev/null
    fi ) & )
exec 3<&-
exec "$@"`;

/** One started process. It runs from the start on; `ended` tells when it has gone, whoever ended it. */
export class BackgroundProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has gone. */
  readonly ended: Promise<Deno.CommandStatus>;
  #status: Deno.CommandStatus | null = null;
  readonly #stopSignal: Deno.Signal;

  constructor(options: BackgroundProcessOptions) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.#stopSignal = options.stopSignal ?? "SIGTERM";
    const signal = this.#stopSignal.replace(/^SIG/, "");
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", LAUNCH, "sh", options.logFile, signal, options.command, ...options.args],
      cwd: options.cwd,
      env: options.env,
      clearEnv: options.clearEnv,
      uid: options.user?.uid,
      gid: options.user?.gid,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    this.pid = child.pid;
    this.ended = child.status.then(async (status) => {
      this.#status = status;
      const pipe = child.stdin.getWriter();
      await pipe.write(new TextEncoder().encode("\n")).catch(() => {});
      await pipe.close().catch(() => {});
      return status;
    });
  }

  /** How it ended, or null while it runs. */
  get status(): Deno.CommandStatus | null {
    return this.#status;
  }

  /** Sends a signal to the process alone; nothing happens when it has gone. */
  kill(signal: Deno.Signal): void {
    if (!this.#status) sendSignal(this.pid, signal);
  }

  /** Asks it to end, and after `graceMs` ends its whole group, at 0 unasked; resolves when it has gone. */
  async stop(graceMs = 10_000): Promise<Deno.CommandStatus> {
    if (graceMs > 0) this.kill(this.#stopSignal);
    const patience = new AbortController();
    await Promise.race([this.ended, sleep(graceMs, patience.signal)]);
    patience.abort();
    if (!this.#status) sendSignal(-this.pid, "SIGKILL");
    return await this.ended;
  }

  /** The last `lines` lines it wrote. */
  async logTail(lines = 15): Promise<string> {
    return await tailOf(this.logFile, lines);
  }

  /**
   * Resolves when `probe` does. It is asked again and again while the process lives.
   *
   * @throws {StartError} if the process ends first or `timeoutMs` pass.
   */
  async ready(probe: () => Promise<unknown>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let last: unknown;
    for (let waitMs = 20; performance.now() < deadline; waitMs = Math.min(waitMs * 1.5, 200)) {
      if (this.#status) break;
      try {
        await probe();
        return;
      } catch (error) {
        last = error;
      }
      await sleep(waitMs);
    }
    const state = this.#status
      ? `it ended with ${this.#status.signal ?? `exit code ${this.#status.code}`}`
      : `not ready after ${timeoutMs / 1000} s (${last instanceof Error ? last.message : last})`;
    throw new StartError(this.name, state, await this.logTail(), { cause: last });
  }
}

function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
