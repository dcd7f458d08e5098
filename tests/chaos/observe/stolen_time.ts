/** Processor time of the whole machine since it started, in ticks. */
interface Ticks {
  readonly all: number;
  /** What the hypervisor gave to other machines while this one had something to do. */
  readonly stolen: number;
}

/**
 * How long the machine was kept from working since it began to be watched: of the time that passed, the share that the
 * hypervisor gave to other machines. That is no time of the system's. Linux only; elsewhere it is always 0.
 */
export class StolenTime {
  readonly #read: () => string;
  readonly #begin: Ticks;
  readonly #beganAt: number;

  /** `read` gives the text of `/proc/stat`. */
  constructor(read: () => string = readStat) {
    this.#read = read;
    this.#begin = ticksIn(read());
    this.#beganAt = performance.now();
  }

  /** ms up to now. */
  get ms(): number {
    const now = ticksIn(this.#read());
    return (performance.now() - this.#beganAt) * stolenShare(this.#begin, now);
  }
}

/** Share of the time between two moments that was stolen, from 0 to 1. Pure. */
export function stolenShare(begin: Ticks, end: Ticks): number {
  const all = end.all - begin.all;
  return all > 0 ? Math.min(1, Math.max(0, end.stolen - begin.stolen) / all) : 0;
}

/** From the text of `/proc/stat` (Linux): user, nice, system, idle, iowait, irq, softirq, steal. Pure. */
export function ticksIn(text: string): Ticks {
  const [, numbers = ""] = /^cpu +(.*)$/m.exec(text) ?? [];
  const ticks = numbers.split(" ").slice(0, 8).map(Number);
  return { all: ticks.reduce((sum, count) => sum + count, 0), stolen: ticks[7] ?? 0 };
}

function readStat(): string {
  try {
    return Deno.readTextFileSync("/proc/stat");
  } catch {
    return ""; // no Linux
  }
}
