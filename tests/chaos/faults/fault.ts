import { sleep } from "lib/run/sleep.ts";
import type { Random } from "../random.ts";
import type { AttackableWorld } from "../world/attackable_world.ts";

/** What a fault lays its hands on. Faults that share something never overlap. */
export type FaultTarget =
  | "workers"
  | "redis"
  | "redis network"
  | "postgres"
  | "postgres network"
  | "log store network"
  | "engine network"
  | "notifications"
  | "pfcon"
  | "pfcon network";

/** A kind of fault. */
export interface Fault {
  /** As it is called on the command line. */
  readonly name: string;
  /** For people: what happens. */
  readonly about: string;
  readonly targets: readonly FaultTarget[];
  /** Shortest and longest time it lasts (ms). */
  readonly lasts: readonly [number, number];
  /** Does it for `attack.ms` at most, and makes all well again that it did, however it ends. */
  inject(world: AttackableWorld, attack: Attack): Promise<void>;
}

/** One time that a fault is injected. */
export interface Attack {
  readonly random: Random;
  /** How long it is to last (ms). */
  readonly ms: number;
  /** Aborts if it is to end early. */
  readonly signal: AbortSignal;
  /** Told what exactly is done. */
  readonly say: (text: string) => void;
}

/** Waits for the attack's time, then for `heal`, also if the attack is cut short. */
export async function lasting(attack: Attack, heal: () => Promise<unknown> | unknown): Promise<void> {
  try {
    await sleep(attack.ms, attack.signal);
  } finally {
    await heal();
  }
}
