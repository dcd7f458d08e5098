/**
 * The clients that follow jobs: one that stays, one that is cut again and again, one that comes late.
 *
 * @module
 */
import type { SeenEvent } from "../observations.ts";
import type { Random } from "../random.ts";
import { followJob } from "./sse_client.ts";

/** Time between two cuts (ms). */
const CUT_MS = [1_000, 5_000] as const;

/** A client and what became of it. */
interface Client {
  readonly client: string;
  readonly jobId: string;
  readonly following: Promise<boolean>;
}

/** All clients of a run. */
export class Clients implements AsyncDisposable {
  readonly events: SeenEvent[] = [];
  readonly #urls: readonly string[];
  readonly #random: Random;
  readonly #clients: Client[] = [];
  readonly #stop = new AbortController();

  /** `urls`: the services; who is cut off comes back to the next one. */
  constructor(urls: readonly string[], random: Random) {
    this.#urls = urls;
    this.#random = random;
  }

  /** Starts those that are there from a job's beginning; few jobs of a large load have all of them. */
  follow(jobId: string): void {
    const random = this.#random.fork(jobId.slice(jobId.lastIndexOf("-")));
    if (random.chance(0.7)) this.#start("stays", jobId);
    if (random.chance(0.5)) this.#start("cut", jobId, () => random.int(...CUT_MS));
  }

  /** Starts the client that comes back for another attempt. */
  followAgain(jobId: string): void {
    this.#start("again", jobId);
  }

  /** Starts the client that finds the job over. */
  followLate(jobId: string): void {
    this.#start("late", jobId);
  }

  /** Waits for all to be told the end, at most until `signal` aborts; then all are gone. */
  async finish(signal: AbortSignal): Promise<{ client: string; jobId: string; ended: boolean }[]> {
    signal.addEventListener("abort", () => this.#stop.abort(), { once: true });
    return await Promise.all(this.#clients.map(async ({ client, jobId, following }) => ({
      client,
      jobId,
      ended: await following,
    })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#clients.map(({ following }) => following));
  }

  #start(client: string, jobId: string, cutAfterMs?: () => number): void {
    const onEvent = (event: SeenEvent) => void this.events.push(event);
    const options = { urls: this.#urls, jobId, client, onEvent, ...(cutAfterMs ? { cutAfterMs } : {}) };
    this.#clients.push({ client, jobId, following: followJob(options, this.#stop.signal) });
  }
}
