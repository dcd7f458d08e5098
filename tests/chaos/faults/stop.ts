import { sleep } from "lib/run/sleep.ts";
import { Lateness } from "../observe/lateness.ts";
import { GRACE_SECONDS } from "../world/settings.ts";
import type { WorkerSlot } from "../world/worker_slot.ts";
import type { Attack, Fault } from "./fault.ts";

/** How likely it is that somebody is impatient and asks a second time. */
const IMPATIENCE = 0.2;

/** How long after its grace period a worker may have ended, on a busy machine (ms). */
const LATE_MS = 5_000;

/** Attacks the clean end (G15). How each ended is kept in `world.stops`. */
export const stop: Fault = {
  name: "stop",
  about: "SIGTERM to one or two workers, sometimes twice",
  targets: [],
  lasts: [1_000, 3_000],
  async inject(world, attack) {
    const { random, say } = attack;
    const up: WorkerSlot[] = [];
    for (const slot of random.shuffle(world.pool.free()).slice(0, 2)) {
      slot.busy = true;
      // One that has only just been started does not hear signals yet.
      if (await slot.listens()) up.push(slot);
      else slot.busy = false;
    }
    say(up.map(({ name }) => name).join(", ") || "nobody listens");
    const plans = up.map((slot) => ({ slot, again: random.chance(IMPATIENCE) ? random.int(5, 300) : null }));
    world.pool.stops.push(...await Promise.all(plans.map(({ slot, again }) => stopped(slot, again, attack))));
  },
};

async function stopped(slot: WorkerSlot, againMs: number | null, { signal }: Attack) {
  using lateness = new Lateness();
  const begin = performance.now();
  const ended = slot.ended;
  slot.kill("SIGTERM");
  if (againMs !== null) {
    await sleep(againMs, signal);
    slot.kill("SIGTERM");
  }
  const patience = new AbortController();
  const late = sleep(GRACE_SECONDS * 1_000 + LATE_MS, patience.signal).then(() => "late" as const);
  const status = await Promise.race([ended, late]);
  patience.abort();
  const ms = Math.round(performance.now() - begin);
  if (status === "late") slot.kill("SIGKILL");
  slot.busy = false;
  const signals = againMs === null ? 1 as const : 2 as const;
  const code = status === "late" || status === null ? 137 : status.code;
  return { worker: slot.name, code, ms, signals, lateMs: lateness.mostMs };
}
