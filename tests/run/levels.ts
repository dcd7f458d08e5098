/** How the tests of a level are run. */
export interface Level {
  readonly paths: readonly string[];
  /** Whether several files run at once. */
  readonly parallel: boolean;
  /** How many; without it one for each core. */
  readonly jobs?: number;
  /** The level is ended after this time: several times as long as it takes, as the machine may be busy. */
  readonly minutes: number;
}

/** The levels of tests, in the order in which they run: what breaks first is found first. */
export const LEVELS = {
  docs: { paths: ["tests/gate"], parallel: true, minutes: 6 },
  unit: {
    paths: [
      "lib",
      "workers",
      "deploy",
      "web",
      "tests/run",
      "tests/stand_ins",
      "tests/chaos",
      "tests/fuzz",
      "tests/bench",
      "tests/*_test.ts",
    ],
    parallel: true,
    minutes: 10,
  },
  // They wait for servers most of the time: more of them at once than there are cores.
  integration: { paths: ["tests/integration"], parallel: true, jobs: 4, minutes: 20 },
  e2e: { paths: ["tests/e2e"], parallel: false, minutes: 25 },
} as const satisfies Record<string, Level>;

/** The name of a level of tests. */
export type LevelName = keyof typeof LEVELS;

/** Levels that run with servers, engines or browsers. */
export const LEVELS_WITH_SERVERS: readonly LevelName[] = ["unit", "integration", "e2e"];

/**
 * The levels of a list such as `unit,e2e`, in the order in which they run.
 *
 * @throws {RangeError} if one is unknown.
 */
export function levelsOf(list: string): LevelName[] {
  const all = Object.keys(LEVELS) as LevelName[];
  const wanted = list.split(",").map((name) => name.trim()).filter(Boolean);
  const unknown = wanted.find((name) => !all.some((level) => level === name));
  if (unknown !== undefined || wanted.length === 0) {
    throw new RangeError(`Cannot run level "${unknown ?? list}": expected ${all.join(", ")}`);
  }
  return all.filter((level) => wanted.includes(level));
}
