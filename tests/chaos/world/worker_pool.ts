/**
 * The workers of one world: processes that are attacked, and started again when they die.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import type { Random } from "../random.ts";
import type { WorkerStop } from "../world.ts";
import type { WorkerName } from "lib/run/permissions.ts";
import { WorkerSlot } from "./worker_slot.ts";

/** Longest time until all workers are ready (ms); the machine may be busy. */
const READY_MS = 300_000;

/** See the module's description. */
export class WorkerPool implements AsyncDisposable {
  readonly stops: WorkerStop[] = [];
  readonly slots: readonly WorkerSlot[];
  readonly #random: Random;
  readonly #closing = new AbortController();
  readonly #tending: Promise<unknown>;

  /** Starts them all, and again whoever ends. */
  constructor(slots: readonly WorkerSlot[], random: Random) {
    this.slots = slots;
    this.#random = random;
    this.#tending = Promise.all(slots.map((slot) => this.#tend(slot)));
  }

  /** Those of one kind. */
  of(worker: WorkerName): WorkerSlot[] {
    return this.slots.filter((slot) => slot.worker === worker);
  }

  /** Live workers that no fault is busy with. */
  free(): WorkerSlot[] {
    return this.slots.filter((slot) => !slot.busy && slot.alive);
  }

  /** Ends all attacks on processes: whoever was paused goes on, whoever was to stay down may come. */
  release(): void {
    for (const slot of this.slots) {
      slot.downUntil = 0;
      slot.resume();
    }
  }

  /** Resolves when each says that it is ready. @throws {Error} naming those that are not, and why. */
  async ready(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_MS;
    let missing: string[] = [];
    while (performance.now() < deadline && !signal.aborted) {
      const states = await Promise.all(
        this.slots.map(async (slot) => [slot.name, await slot.fault()] as const),
      );
      missing = states.flatMap(([name, fault]) => fault ? [`${name}: ${fault}`] : []);
      if (missing.length === 0) return;
      await sleep(250, signal);
    }
    signal.throwIfAborted();
    throw new Error(`Cannot get all workers ready within ${READY_MS / 1_000} s: ${missing.join("; ")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.release();
    await Promise.all(this.slots.map((slot) => slot.end()));
    await this.#tending;
  }

  async #tend(slot: WorkerSlot): Promise<void> {
    const closing = this.#closing.signal;
    const random = this.#random.fork(slot.name);
    while (!closing.aborted) {
      slot.start();
      await slot.ended;
      if (closing.aborted) return;
      await sleep(random.int(100, 2_500), closing);
      while (performance.now() < slot.downUntil && !closing.aborted) await sleep(50, closing);
    }
  }
}
