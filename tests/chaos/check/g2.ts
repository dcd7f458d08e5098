/**
 * G2: lines are byte-exact, wherever they are shown. Pure.
 *
 * @module
 */
import type { Evidence } from "./evidence.ts";
import { lineViews } from "./line_views.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks the text of every line; how many there are is G1. */
export function checkG2(evidence: Evidence): CheckResult {
  const findings = new Findings("G2");
  for (const { container, where, differences } of lineViews(evidence)) {
    const changed = differences.find(({ kind }) => kind === "changed");
    findings.expect(!changed, container.jobId, () => `${where}: ${changed?.what}`);
  }
  return findings.result;
}
