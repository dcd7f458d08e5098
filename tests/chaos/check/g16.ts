/**
 * G16: start order does not matter. The world starts everything in a random order; here counts that in the end
 * everything said that it was ready. Pure.
 *
 * @module
 */
import type { Evidence } from "./evidence.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks that all workers became ready, whatever was done to them. */
export function checkG16({ observations }: Evidence): CheckResult {
  const findings = new Findings("G16");
  findings.expect(
    observations.healedAt !== null,
    "workers",
    () => "not all became ready when the faults had ended",
  );
  return findings.result;
}
