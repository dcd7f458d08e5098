/**
 * What a measurement of the fan-out is given.
 *
 * @module
 */
import type { BenchOptions, Figure } from "../pipeline/measurement.ts";
import type { Contender } from "./contender.ts";
import type { Service } from "./service.ts";

/** The servers, up and ready. */
export interface Subjects {
  readonly service: Service;
  /** Null where it is not installed. */
  readonly nchan: Contender | null;
}

/** What the command line asked for. */
export interface FanoutBench extends BenchOptions {
  /** Numbers of clients to deliver to. */
  readonly clients: readonly number[];
}

/** One of the command's measurements. */
export interface FanoutMeasurement {
  /** Its letter on the command line. */
  readonly id: string;
  readonly title: string;
  run(subjects: Subjects, bench: FanoutBench): Promise<Figure[]>;
}

/** A figure that should not exceed `limit`: its ratio tells how often it fits in there. Pure. */
export function atMost(figure: Pick<Figure, "name" | "unit" | "ours">, limit: number): Figure {
  const baseline = { name: "at most", value: limit };
  return {
    ...figure,
    baseline,
    ratio: limit / Math.max(figure.ours, Number.EPSILON),
    target: 1,
    how: "measured",
  };
}
