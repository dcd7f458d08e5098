/**
 * All clients of this process: one clock gives them their signs of life and ends those whose time is over, and a stop
 * sends them all elsewhere.
 *
 * @module
 */
import { HEARTBEAT, retryAfter } from "./event_stream.ts";

/** What the clock looks at. */
export interface Client {
  /** When something was sent to it last, by {@linkcode Clients.now}. */
  sentAt: number;
  /** When it has to be gone (ms since 1970), as its token says. */
  readonly expiresAtMs: number;
  /** Sends, unless something waits to be sent already. */
  beat(chunk: Uint8Array): void;
  /** Ends its stream after `last`. */
  close(last?: Uint8Array): void;
}

/** What {@linkcode Clients} goes by. */
export interface ClientsOptions {
  /** The time (ms since 1970). */
  readonly clock: () => number;
  /** Pause between signs of life when there is nothing to send (ms). @default 15_000 */
  readonly heartbeatMs?: number | undefined;
  /** Chance, in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** Default pause between signs of life (ms, http.md). */
const HEARTBEAT_MS = 15_000;
/** Time between two looks at all clients (ms). */
const TICK_MS = 500;
/** After a stop, clients come back elsewhere after this time at least and at most (ms): not all at once. */
const COME_BACK_MS = { min: 1_000, max: 5_000 };

/** See the module's description. */
export class Clients {
  /** A clock that never jumps, as of the last tick (ms). */
  now = performance.now();
  readonly #clients = new Set<Client>();
  readonly #heartbeatMs: number;
  readonly #random: () => number;
  readonly #clock: () => number;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #stopping = false;

  /** All are sent away when `stopping` aborts, and those that come later at once. */
  constructor(
    stopping: AbortSignal,
    { clock, heartbeatMs = HEARTBEAT_MS, random = Math.random }: ClientsOptions,
  ) {
    this.#heartbeatMs = heartbeatMs;
    this.#random = random;
    this.#clock = clock;
    stopping.addEventListener("abort", () => this.#stop(), { once: true });
    this.#stopping = stopping.aborted;
  }

  /** Adds a client. */
  add(client: Client): void {
    if (this.#stopping) return this.#sendAway(client);
    this.#clients.add(client);
    this.#ticking ??= setInterval(() => this.#tick(), Math.min(TICK_MS, this.#heartbeatMs));
    client.sentAt = this.now = performance.now();
  }

  /** Forgets a client that is gone. */
  remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #tick(): void {
    this.now = performance.now();
    const wallClock = this.#clock();
    for (const client of this.#clients) {
      if (wallClock >= client.expiresAtMs) client.close();
      else if (this.now - client.sentAt >= this.#heartbeatMs) {
        client.sentAt = this.now;
        client.beat(HEARTBEAT);
      }
    }
  }

  #stop(): void {
    this.#stopping = true;
    for (const client of this.#clients) this.#sendAway(client);
  }

  #sendAway(client: Client): void {
    const { min, max } = COME_BACK_MS;
    client.close(retryAfter(Math.round(min + (max - min) * this.#random())));
  }
}
