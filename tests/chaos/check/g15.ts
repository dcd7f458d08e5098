/**
 * G15: stopping is clean. Pure.
 *
 * @module
 */
import type { Evidence } from "./evidence.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Code of a process that ended at once because of a second SIGTERM. */
const SECOND_SIGNAL = 143;

/** Checks every worker that was asked to stop. `graceMs`: what it has for it, the end of its process included. */
export function checkG15({ observations }: Evidence, { graceMs }: { graceMs: number }): CheckResult {
  const findings = new Findings("G15");
  for (const { worker, code, ms, signals } of observations.stops) {
    findings.expect(
      code === 0 || signals === 2 && code === SECOND_SIGNAL,
      worker,
      () => `it ended with ${code} after ${signals} SIGTERM`,
    );
    // What the machine itself was late is not the worker's time.
    findings.expect(
      ms <= graceMs + (observations.lateMs ?? 0),
      worker,
      () => `it took ${ms} ms to end, allowed are ${graceMs}`,
    );
  }
  return findings.result;
}
