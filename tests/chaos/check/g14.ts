/**
 * G14: losing Redis loses nothing that the runtime still held. Pure.
 *
 * @module
 */
import type { Evidence } from "./evidence.ts";
import { lineViews } from "./line_views.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks the logs of containers that were there when Redis lost entries: all that is promised of others holds. */
export function checkG14(evidence: Evidence): CheckResult {
  const findings = new Findings("G14");
  for (const { container, where, differences } of lineViews(evidence)) {
    if (!container.livedThroughLoss) continue;
    findings.expect(
      differences.length === 0,
      container.jobId,
      () => `after Redis lost entries, ${where}: ${differences.map((one) => one.what)}`,
    );
  }
  return findings.result;
}
