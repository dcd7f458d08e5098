/**
 * The pipeline and what it is held against, turn by turn, so that whatever else the machine does hits both.
 *
 * @module
 */
import type { BenchOptions, Figure } from "./measurement.ts";
import { median } from "./stats.ts";

/** Two ways to do the same work. */
export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly target: number;
  readonly baseline: string;
  /** Does the work once; units per second. */
  readonly runOurs: () => Promise<number>;
  readonly runBaseline: () => Promise<number>;
}

/** Runs both in each round, the other one first in every second. */
export async function compare(comparison: Comparison, { rounds, progress }: BenchOptions): Promise<Figure> {
  const { name, unit, target, runOurs, runBaseline } = comparison;
  const ours: number[] = [];
  const baseline: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const turns = [async () => ours.push(await runOurs()), async () => baseline.push(await runBaseline())];
    if (round % 2 === 1) turns.reverse();
    for (const turn of turns) await turn();
    const numbers = [ours, baseline].map((values) => Math.round(values[round] ?? NaN).toLocaleString("en"));
    progress(
      `${name}, round ${round + 1} of ${rounds}: ${numbers[0]} ${unit}, ${comparison.baseline} ${numbers[1]}`,
    );
  }
  const ratios = ours.map((value, round) => value / (baseline[round] ?? NaN));
  return {
    name,
    unit,
    ours: median(ours),
    baseline: { name: comparison.baseline, value: median(baseline) },
    ratio: median(ratios),
    target,
    how: "measured",
    rounds: ours,
  };
}
