import { BackgroundProcess, type BackgroundProcessOptions } from "../services/background_process.ts";
import type { Part } from "./keep_running.ts";

/** How long a process of ours may take from its start until it is ready (ms). */
const READY_TIMEOUT_MS = 60_000;

/** A process of the demo that can be started again. */
export class DemoProcess implements Part {
  readonly name: string;
  #process: BackgroundProcess | null = null;

  constructor(
    /** Made anew for each start: permissions follow the settings. */
    readonly options: BackgroundProcessOptions,
    /** Resolves when the process is ready; rejects with the reason why not yet. */
    readonly probe: () => Promise<unknown>,
  ) {
    this.name = options.name;
  }

  get ended(): Promise<unknown> {
    return this.#process?.ended ?? Promise.resolve();
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    const process = new BackgroundProcess(this.options);
    this.#process = process;
    try {
      await process.ready(this.probe, READY_TIMEOUT_MS);
    } catch (error) {
      await process.stop(2_000);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop(12_000);
  }

  async logTail(): Promise<string> {
    return await this.#process?.logTail() ?? "";
  }
}

/** Rejects unless a GET is answered with success; the message holds the answer. */
export async function answersWell(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${body.slice(0, 500)}`);
}
