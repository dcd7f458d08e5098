/**
 * G15: stopping is clean. Pure.
 *
 * @module
 */
import type { Evidence } from "./evidence.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Code of a process that ended at once because of a second SIGTERM. */
const SECOND_SIGNAL = 143;
/** Code of a process whose grace period ran out. */
const OUT_OF_TIME = 1;
/** From so much lateness on (ms), a grace period that ran out says more of the machine than of the worker. */
const STANDSTILL_MS = 2_000;

/** Checks every worker that was asked to stop. `graceMs`: what it has for it, the end of its process included. */
export function checkG15({ observations }: Evidence, { graceMs }: { graceMs: number }): CheckResult {
  const findings = new Findings("G15");
  for (const { worker, code, ms, signals, lateMs = 0 } of observations.stops) {
    if (code === OUT_OF_TIME && ms >= graceMs && lateMs >= STANDSTILL_MS) {
      findings.excuse("workers whose grace period ran out while the machine stood still");
      continue;
    }
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
