/**
 * Which fault comes when: a pure function of the seed.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** What the plan needs to know of a kind of fault. */
export interface PlannedKind {
  readonly name: string;
  readonly targets: readonly string[];
  readonly lasts: readonly [number, number];
}

/** One time that a fault comes. */
export interface PlannedFault<Kind extends PlannedKind> {
  readonly fault: Kind;
  /** When it begins, and how long it is to last (ms). */
  readonly atMs: number;
  readonly ms: number;
}

/** As many faults as there are lanes may be at work at a time. */
const LANES = 2;
/** Time before the first fault (ms), so that there is something to attack. */
const LEAD_MS = 3_000;
/** Shortest and longest time between a fault and the next in its lane (ms). */
const BREAK: readonly [number, number] = [300, 4_000];
/** How likely a longer break is, in which the system may calm down, and how long it is (ms). */
const CALM = 0.12;
const CALM_MS = 8_000;

/**
 * Faults that fill `forMs`, in the order of their beginnings. Every kind comes before any comes again; two that
 * share a target never overlap.
 */
export function planFaults<Kind extends PlannedKind>(
  kinds: readonly Kind[],
  forMs: number,
  random: Random,
): PlannedFault<Kind>[] {
  const plan: PlannedFault<Kind>[] = [];
  if (kinds.length === 0) return plan;
  const lanes = Array.from({ length: LANES }, () => LEAD_MS + random.int(...BREAK));
  let bag: Kind[] = [];
  for (;;) {
    const atMs = Math.min(...lanes);
    if (bag.length === 0) bag = random.shuffle(kinds);
    const free = bag.find((kind) =>
      !plan.some((other) => other.atMs + other.ms > atMs && share(other.fault, kind))
    );
    const lane = lanes.indexOf(atMs);
    if (!free) {
      // All that is left has to wait until the fault in the other lane is over.
      lanes[lane] = Math.min(...plan.map((other) => other.atMs + other.ms).filter((end) => end > atMs)) + 1;
      if (lanes[lane] >= forMs) return plan;
      continue;
    }
    const ms = random.int(...free.lasts);
    if (atMs + ms > forMs) return plan;
    bag = bag.filter((kind) => kind !== free);
    plan.push({ fault: free, atMs, ms });
    lanes[lane] = atMs + ms + (random.chance(CALM) ? CALM_MS : random.int(...BREAK));
  }
}

function share(one: PlannedKind, other: PlannedKind): boolean {
  return one.targets.some((target) => other.targets.includes(target));
}
