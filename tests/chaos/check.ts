/**
 * The checker: compares what was seen with what the jobs were made to do. Pure, and independent: it imports nothing
 * of the system.
 *
 * @module
 */
import { evidence } from "./check/evidence.ts";
import { checkG1 } from "./check/g1.ts";
import { checkG10 } from "./check/g10.ts";
import { checkG14 } from "./check/g14.ts";
import { checkG15 } from "./check/g15.ts";
import { checkG16 } from "./check/g16.ts";
import { checkG2 } from "./check/g2.ts";
import { checkG3 } from "./check/g3.ts";
import { checkG4 } from "./check/g4.ts";
import { checkG5 } from "./check/g5.ts";
import { checkG6 } from "./check/g6.ts";
import { checkG7 } from "./check/g7.ts";
import { checkG8 } from "./check/g8.ts";
import { checkG9 } from "./check/g9.ts";
import type { CheckResult, Violation } from "./check/violation.ts";
import type { Observations } from "./observations.ts";
import type { JobTruth } from "./truth.ts";

/** Bounds that depend on how the world was set up. */
export interface CheckLimits {
  /** Longest time from SIGTERM to a worker's end (ms). */
  readonly graceMs: number;
  /** Longest time from the end of the faults until all workflows are over (ms). */
  readonly overWithinMs: number;
}

/** Results by guarantee, in their order. */
export type CheckResults = Readonly<Record<string, CheckResult>>;

/** Checks every guarantee that is attacked here. */
export function check(
  truths: readonly JobTruth[],
  observations: Observations,
  limits: CheckLimits,
): CheckResults {
  const all = evidence(truths, observations);
  return {
    G1: checkG1(all),
    G2: checkG2(all),
    G3: checkG3(all),
    G4: checkG4(all),
    G5: checkG5(all),
    G6: checkG6(all),
    G7: checkG7(all, limits),
    G8: checkG8(all),
    G9: checkG9(all),
    G10: checkG10(all),
    G14: checkG14(all),
    G15: checkG15(all, limits),
    G16: checkG16(all),
  };
}

/** All violations, those of one guarantee together. */
export function violations(results: CheckResults): Violation[] {
  return Object.values(results).flatMap((result) => result.violations);
}
