import { BackgroundProcess, type BackgroundProcessOptions } from "./background_process.ts";

/** How long a process may take from its start until it is ready (ms). */
const READY_TIMEOUT_MS = 60_000;
/** How long one that did not get ready may take to end (ms). */
const FAILED_STOP_MS = 2_000;
/** How long one may take to end in good order (ms). */
const STOP_MS = 12_000;

/** A process that can be started as often as need be, by the same command each time: a server keeps its address. */
export class RestartableProcess implements AsyncDisposable {
  readonly name: string;
  readonly logFile: string;
  readonly #options: BackgroundProcessOptions;
  readonly #probe: () => Promise<unknown>;
  #process: BackgroundProcess | null = null;

  /** Nothing is started yet. `probe` resolves when the process is ready, and rejects with the reason why not yet. */
  constructor(options: BackgroundProcessOptions, probe: () => Promise<unknown>) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.#options = options;
    this.#probe = probe;
  }

  /** Process id, or the last one if it is stopped. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Resolves when the process has gone, or the last one if it is stopped. */
  get ended(): Promise<unknown> {
    return this.#process?.ended ?? Promise.resolve();
  }

  /** Starts it, unless it runs, and waits until it is ready. @throws {StartError} with the tail of its log. */
  async start(): Promise<void> {
    if (this.#process && !this.#process.status) return;
    const process = new BackgroundProcess(this.#options);
    this.#process = process;
    try {
      await process.ready(this.#probe, READY_TIMEOUT_MS);
    } catch (error) {
      await process.stop(FAILED_STOP_MS);
      throw error;
    }
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    await this.#process?.stop(STOP_MS);
  }

  /** Ends it with SIGKILL, and whatever it started. */
  async kill(): Promise<void> {
    await this.#process?.stop(0);
  }

  /** Stops it and starts it again. @throws {StartError} */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** The last lines of its log. */
  async logTail(): Promise<string> {
    return await this.#process?.logTail() ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
