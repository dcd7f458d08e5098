import { sleep } from "lib/run/sleep.ts";

/** Who can be made to wait. */
export const WORKERS = [
  "log forwarder",
  "event forwarder",
  "recorder",
  "relay",
  "log consumer",
  "hub",
] as const;
/** Who can be made to wait. */
export type WorkerName = typeof WORKERS[number];
/** What can be away. */
export type ServerName = "redis" | "postgres" | "log store";

/** How long things take, who waits, and what is away: all by chance in [0, 1), on the clock of `setTimeout`. */
export class Weather {
  /** Told when connections are there again after a cut. */
  readonly onReconnect = new Set<() => void>();
  readonly #gates = new Map<WorkerName, PromiseWithResolvers<void>>();
  readonly #failures = new Map<ServerName, number>();
  readonly #random: () => number;
  #changed = Promise.withResolvers<void>();
  #cuts = 0;
  #isAway = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Resolves when something changes anywhere. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Wakes who waits for news. */
  change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** A whole number from 0 to below `below`. */
  below(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** Takes the time that a message takes. */
  async delay(): Promise<void> {
    const chance = this.#random();
    if (chance > 0.5) await sleep(chance > 0.97 ? 60 : this.below(4));
  }

  /** A call to a server, which may be away. */
  async call<T>(server: ServerName, act: () => T): Promise<T> {
    const cuts = this.#cuts;
    await this.delay();
    this.#failIfAway(server, cuts);
    const answer = act();
    await this.delay();
    this.#failIfAway(server, cuts);
    return answer;
  }

  /** Lets the next calls to a server fail. */
  fail(server: ServerName, calls: number): void {
    this.#failures.set(server, calls);
  }

  /** Cuts all connections to Redis for a while. */
  async cut(ms: number): Promise<void> {
    this.#cuts++;
    this.#isAway = true;
    this.change();
    await sleep(ms);
    this.#isAway = false;
    for (const listener of this.onReconnect) listener();
  }

  /** Makes a worker wait before what it does next. */
  hold(worker: WorkerName): void {
    if (!this.#gates.has(worker)) this.#gates.set(worker, Promise.withResolvers());
  }

  /** Lets it go on. */
  release(worker: WorkerName): void {
    this.#gates.get(worker)?.resolve();
    this.#gates.delete(worker);
    this.change();
  }

  /** Everything is well from here on. */
  clear(): void {
    this.#failures.clear();
    for (const worker of WORKERS) this.release(worker);
  }

  /** Where a worker waits while it is held. */
  async gate(worker: WorkerName): Promise<void> {
    await this.#gates.get(worker)?.promise;
  }

  #failIfAway(server: ServerName, cuts: number): void {
    const failures = this.#failures.get(server) ?? 0;
    if (failures > 0) this.#failures.set(server, failures - 1);
    else if (server !== "redis" || (cuts === this.#cuts && !this.#isAway)) return;
    throw Object.assign(new Error(`${server} is away`), { code: "ECONNRESET" });
  }
}
