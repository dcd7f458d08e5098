/**
 * The most that a ratio to a baseline can be on the cores at hand, if whatever the pipeline does itself cost nothing.
 *
 * @module
 */

/** Processor time of one unit of work (µs), and how many processors there are. */
export interface UnitCosts {
  /** Wall time of the baseline. */
  readonly baselineWall: number;
  /** What all processors together did meanwhile. */
  readonly baselineBusy: number;
  /** What a part costs that the pipeline cannot do without, and the baseline has not. */
  readonly needed: number;
  readonly processors: number;
}

/** At most 1. Pure. */
export function mostPossible({ baselineWall, baselineBusy, needed, processors }: UnitCosts): number {
  return Math.min(1, baselineWall / ((baselineBusy + needed) / processors));
}

/** What all processors have done since the machine started (s of processor time, Linux). */
export async function busySeconds(): Promise<number> {
  const [line = ""] = (await Deno.readTextFile("/proc/stat")).split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** Fixed by the kernel's interface (`USER_HZ`). */
const TICKS_PER_SECOND = 100;
