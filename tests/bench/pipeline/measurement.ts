/**
 * What a measurement of the pipeline is given, and what it gives back.
 *
 * @module
 */

/** One row of the table. */
export interface Figure {
  /** What was measured, of what. */
  readonly name: string;
  readonly unit: string;
  /** The pipeline's number: the median of the rounds. */
  readonly ours: number;
  /** What `ours` is held against, and its number; absent where there is nothing to compare with. */
  readonly baseline?: { readonly name: string; readonly value: number };
  /** The median of the rounds' ratios, ours to the baseline. Which side is better the name tells. */
  readonly ratio?: number;
  /** Least ratio that we want. */
  readonly target?: number;
  /** How `ours` came about. */
  readonly how: "measured" | "measured, intervals shortened" | "computed";
  /** `ours` of each round, where there was more than one. */
  readonly rounds?: readonly number[];
}

/** What the command line asked for. */
export interface BenchOptions {
  /** How often each comparison is made; the pipeline and its baseline take turns. */
  readonly rounds: number;
  /** Says what is going on. */
  readonly progress: (text: string) => void;
}

/** One of the command's measurements. */
export interface Measurement {
  /** Its letter on the command line. */
  readonly id: string;
  readonly title: string;
  /** Whether containers of a Docker Engine are part of it. */
  readonly needsDocker: boolean;
  run(options: BenchOptions): Promise<Figure[]>;
}

/** One round's numbers, more is better. */
export interface Round {
  readonly ours: number;
  readonly baseline: number;
}
