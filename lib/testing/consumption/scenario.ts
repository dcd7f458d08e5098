/**
 * What may happen to consumers: which entries there are, how they behave, and what breaks when.
 *
 * @module
 */
import fc from "fast-check";

/** How an entry behaves whenever it is handled. */
export type Nature =
  /** Works. */
  | "good"
  /** Fails a few times for a reason of its own, then works. */
  | "moody"
  /** Fails always. */
  | "failing"
  /** Cannot be decoded. */
  | "poison"
  /** Ends the process that handles it. */
  | "killer";

/** One entry of a job. */
export interface PlannedEntry {
  readonly job: number;
  readonly nature: Nature;
  /** When it is added (ms from the start). */
  readonly at: number;
}

/** What breaks, from `at` on for `ms` (from the start). */
export interface PlannedFault {
  readonly kind:
    /** A replica hears nothing, as after SIGSTOP. */
    | "freeze"
    /** A replica is gone; another one starts in its place when the time is over. */
    | "crash"
    /** A replica is asked to stop, and started anew when the time is over. */
    | "stop"
    /** Redis cannot be reached; answers under way are lost and commands sent again. */
    | "redis away"
    /** Redis answers every command with an error. */
    | "redis refuses"
    /** What the handler writes to is away. */
    | "dependency away"
    /** Connections break now and then after a command was done and before its answer came. */
    | "answers lost"
    /** Streams lose all but their newest entries, once. */
    | "trim"
    /** Redis forgets everything, once. */
    | "flush";
  readonly replica: number;
  readonly at: number;
  readonly ms: number;
  /** Where a replica that freezes or crashes is then: the first such moment from `at` on. */
  readonly moment: Moment;
}

/** Where a replica may be when something happens to it. */
export const MOMENTS = ["anywhere", "before a script", "after a script", "after an effect"] as const;
/** One of {@link MOMENTS}. */
export type Moment = typeof MOMENTS[number];

/** A run that can be repeated: what happens, and the seed of all that is left to chance. */
export interface Scenario {
  readonly seed: number;
  readonly shards: number;
  readonly replicas: number;
  readonly batchSize: number;
  readonly entries: readonly PlannedEntry[];
  readonly faults: readonly PlannedFault[];
}

/** How long entries are added and things break (ms). */
export const LOAD_MS = 4_000;

const nature = fc.constantFrom<Nature[]>(
  "good",
  "good",
  "good",
  "good",
  "good",
  "moody",
  "failing",
  "poison",
);

/** Any scenario in which only these kinds of faults occur. */
export function scenarios(
  kinds: readonly PlannedFault["kind"][],
  natures: fc.Arbitrary<Nature> = nature,
): fc.Arbitrary<Scenario> {
  const at = fc.integer({ min: 0, max: LOAD_MS });
  return fc.record({
    seed: fc.integer(),
    shards: fc.integer({ min: 1, max: 3 }),
    replicas: fc.integer({ min: 1, max: 3 }),
    batchSize: fc.constantFrom(1, 3, 10),
    entries: fc.array(fc.record({ job: fc.nat(5), nature: natures, at }), {
      minLength: 10,
      maxLength: 40,
      size: "max",
    }),
    faults: fc.array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        replica: fc.nat(2),
        at,
        ms: fc.constantFrom(100, 700, 1_500, 3_000),
        moment: fc.constantFrom(...MOMENTS),
      }),
      { maxLength: 8, size: "max" },
    ),
  });
}
