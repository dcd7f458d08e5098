/**
 * Clients of a server under measurement: a process of their own, the same for every server.
 *
 * @module
 */
import { until } from "lib/testing/until.ts";
import type { ReaderPlan, ReaderReport } from "./reader.ts";

const NOTHING: ReaderReport = { at: 0, open: 0, closed: 0, events: 0, slowest: 0 };

/** Many clients, connected and counting. Disposing ends them. */
export class Readers implements AsyncDisposable {
  readonly clients: number;
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #report = NOTHING;
  /** How their process has ended. */
  #ended: string | null = null;
  #wake = Promise.withResolvers<void>();

  private constructor(plan: ReaderPlan) {
    this.clients = plan.clients;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-prompt",
        new URL("./reader.ts", import.meta.url).pathname,
        JSON.stringify(plan),
      ],
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Starts them and waits until each has its answer. @throws {Error} if they do not get it within half a minute. */
  static async connect(plan: ReaderPlan): Promise<Readers> {
    const readers = new Readers(plan);
    try {
      await until(`${plan.clients} clients connected`, () => readers.report.open === plan.clients, 30_000);
    } catch (error) {
      await readers[Symbol.asyncDispose]();
      throw new Error(`Cannot measure: ${readers.report.open} of ${plan.clients} clients are connected`, {
        cause: error,
      });
    }
    return readers;
  }

  /** The newest report. @throws {Error} if their process has ended. */
  get report(): ReaderReport {
    if (this.#ended) throw new Error(`Cannot measure: the readers' process has ended: ${this.#ended}`);
    return this.#report;
  }

  /** Resolves with the next report. */
  async next(): Promise<ReaderReport> {
    await this.#wake.promise;
    return this.report;
  }

  /** Waits until nothing has come for a while: all have what any server sends at once when they connect. */
  async settled(quietMs = 300): Promise<void> {
    for (let [seen, since] = [-1, 0]; performance.now() - since < quietMs;) {
      const { events, slowest, closed } = await this.next();
      if (closed > 0) throw new Error(`Cannot measure: ${closed} of ${this.clients} streams ended at once`);
      if (events !== seen || slowest === 0) [seen, since] = [events, performance.now()];
    }
  }

  /** Disconnects all, and returns the delays (ms) that the sampled ones saw. */
  async finish(): Promise<readonly number[]> {
    await this[Symbol.asyncDispose]();
    return this.#report.delays ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.#process.stdin.close().catch(() => {}); // it ends by itself
    await this.#process.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      const last = lines.at(-1);
      if (last === undefined) continue;
      this.#report = JSON.parse(last);
      this.#advance();
    }
    const { code, signal } = await this.#process.status;
    this.#ended = signal ?? `exit code ${code}`;
    this.#advance();
  }

  #advance(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
