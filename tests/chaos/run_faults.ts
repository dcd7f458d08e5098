/**
 * Doing what the plan of faults says.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import type { PlannedFault } from "./fault_plan.ts";
import type { Fault } from "./faults/fault.ts";
import type { Random } from "./random.ts";
import type { AttackableWorld } from "./world/attackable_world.ts";

/** A fault that was injected, for the report. */
export interface InjectedFault {
  readonly name: string;
  /** ms since 1970. */
  readonly at: number;
  /** How long it lasted in fact (ms), with its healing. */
  ms: number;
  /** What exactly was done. */
  detail: string;
}

/** What it takes. */
export interface RunFaultsOptions {
  readonly plan: readonly PlannedFault<Fault>[];
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Told of each fault as it does its work. */
  readonly say: (fault: InjectedFault) => void;
}

/**
 * Injects each fault at its time, or as soon as its targets are free; resolves when all have healed, or when
 * `signal` has aborted and those in hand have healed.
 *
 * @throws {AggregateError} if faults could not be done.
 */
export async function runFaults(world: AttackableWorld, options: RunFaultsOptions): Promise<InjectedFault[]> {
  const { plan, random, signal } = options;
  const begin = performance.now();
  const injected: InjectedFault[] = [];
  const inHand = new Map<Promise<void>, Fault>();
  const faults: unknown[] = [];
  for (const [index, planned] of plan.entries()) {
    await sleep(planned.atMs - (performance.now() - begin), signal);
    const { fault } = planned;
    const sharing = [...inHand].filter(([, other]) =>
      other.targets.some((name) => fault.targets.includes(name))
    );
    await Promise.all(sharing.map(([work]) => work));
    if (signal.aborted) break;
    const work = injectOne(world, planned, random.fork(`fault ${index}`), options, injected)
      .catch((error) => void faults.push(error))
      .finally(() => inHand.delete(work));
    inHand.set(work, fault);
  }
  await Promise.all(inHand.keys());
  if (faults.length > 0) throw new AggregateError(faults, `Cannot inject all faults: ${faults.join("; ")}`);
  return injected;
}

async function injectOne(
  world: AttackableWorld,
  { fault, ms }: PlannedFault<Fault>,
  random: Random,
  { signal, say }: RunFaultsOptions,
  injected: InjectedFault[],
): Promise<void> {
  const begin = performance.now();
  const record: InjectedFault = { name: fault.name, at: Date.now(), ms: 0, detail: "" };
  injected.push(record);
  let told = false;
  const tell = (detail: string) => {
    record.detail = detail;
    told = true;
    say(record);
  };
  const attack = { random, ms, signal, say: tell };
  try {
    await fault.inject(world, attack);
  } catch (cause) {
    if (!signal.aborted) throw new Error(`Cannot inject ${fault.name}: ${cause}`, { cause });
  }
  record.ms = Math.round(performance.now() - begin);
  if (!told) tell(`took ${record.ms} ms`);
}
