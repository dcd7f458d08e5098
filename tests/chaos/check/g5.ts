/**
 * G5: a container is not removed before its log is proven stored. Pure.
 *
 * @module
 */
import { type Evidence, type JobContainer } from "./evidence.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** How much the engine's clock and ours may read differently (ms). */
const CLOCK_MS = 1_000;

/** Checks each container that is gone: pfcon was asked to remove it, and all its lines were stored by then. */
export function checkG5(evidence: Evidence): CheckResult {
  const findings = new Findings("G5");
  for (const container of evidence.containers) {
    if (container.removedAt === null) continue;
    const { jobId, step, lines, storedBeforeRemoval: stored } = container;
    findings.expect(
      wasAsked(evidence, container),
      jobId,
      () => `${step}'s container was removed although nobody had asked pfcon for it`,
    );
    if (container.startedAt === "") continue;
    findings.expect(
      container.finishedAt !== "",
      jobId,
      () => `${step}'s container was removed while it was running`,
    );
    if (stored === null) {
      findings.excuse("removals at which the log store's answer could not be had");
      continue;
    }
    findings.expect(
      stored === lines.length,
      jobId,
      () => `${step}'s container was removed when ${stored} of its ${lines.length} lines were stored`,
    );
  }
  return findings.result;
}

function wasAsked({ observations }: Evidence, { jobId, step, removedAt }: JobContainer): boolean {
  return observations.pfconCalls.some((call) =>
    call.method === "DELETE" && call.jobId === jobId && call.jobType === step &&
    call.at <= (removedAt ?? 0) + CLOCK_MS
  );
}
