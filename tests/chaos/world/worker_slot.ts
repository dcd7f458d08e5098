/**
 * The place of one replica of a worker: its process may come and go, its name, settings and gates stay.
 *
 * @module
 */
import { workerArgs } from "../../../workers/worker_command.ts";
import type { WorkerName } from "lib/run/permissions.ts";
import { BackgroundProcess } from "../../../deploy/dev/services/background_process.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";

/** How long a worker may take to end when the world ends (ms). */
const END_MS = 3_000;

/** See the module's description. */
export class WorkerSlot {
  /** A fault is busy with it: others leave it alone. */
  busy = false;
  /** It is not started again before this moment (performance.now()). */
  downUntil = 0;
  readonly name: string;
  readonly worker: WorkerName;
  readonly #args: readonly string[];
  readonly #settings: Record<string, string>;
  readonly #logFile: string;
  #process: BackgroundProcess | null = null;

  private constructor(
    name: string,
    worker: WorkerName,
    args: string[],
    settings: Record<string, string>,
    log: string,
  ) {
    this.name = name;
    this.worker = worker;
    this.#args = args;
    this.#settings = settings;
    this.#logFile = log;
  }

  /** A place for a worker with these settings, which logs into `dir`. Nothing is started. @throws {ConfigError} */
  static async make(
    name: string,
    worker: WorkerName,
    settings: Record<string, string>,
    dir: string,
  ): Promise<WorkerSlot> {
    const all = { ...settings, HEALTH_HOST: "127.0.0.1", HEALTH_PORT: String(freePort()) };
    return new WorkerSlot(name, worker, await workerArgs(worker, all), all, `${dir}/${name}.log`);
  }

  get alive(): boolean {
    return this.#process !== null && this.#process.status === null;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Resolves when the process that is there now has gone. */
  get ended(): Promise<Deno.CommandStatus | null> {
    return this.#process?.ended ?? Promise.resolve(null);
  }

  start(): void {
    this.#process = new BackgroundProcess({
      name: this.name,
      command: Deno.execPath(),
      args: this.#args,
      env: this.#settings,
      logFile: this.#logFile,
    });
  }

  /** Sends a signal to the process, if there is one. */
  kill(signal: Deno.Signal): void {
    this.#process?.kill(signal);
  }

  /** Lets a paused process go on; nothing happens to others. */
  resume(): void {
    this.kill("SIGCONT");
  }

  /** Why it is not ready, or null if it is. */
  async fault(): Promise<string | null> {
    if (!this.alive) return "it is not running";
    try {
      const signal = AbortSignal.timeout(4_000);
      const answer = await fetch(`http://127.0.0.1:${this.#settings.HEALTH_PORT}/ready`, { signal });
      const text = await answer.text();
      return answer.ok ? null : text;
    } catch (error) {
      return String(error);
    }
  }

  /** Whether it has come so far that it hears signals. */
  async listens(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(1_000);
      const answer = await fetch(`http://127.0.0.1:${this.#settings.HEALTH_PORT}/health`, { signal });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    await this.#process?.stop(END_MS);
  }
}
