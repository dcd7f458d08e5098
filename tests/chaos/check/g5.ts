/**
 * G5: a container is not removed before its log is proven stored. Pure.
 *
 * @module
 */
import { type Evidence, firstOfEach, type JobContainer } from "./evidence.ts";
import { mayBeLost } from "./line_views.ts";
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
    if (container.stopped) {
      checkStopped(findings, evidence, container);
      continue;
    }
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

/** What the engine held of a cancelled step when pfcon was last asked about it was passed on before its stop. */
function checkStopped(
  findings: Findings,
  evidence: Evidence,
  container: JobContainer,
): void {
  const { id, jobId, step, heldWhenAsked } = container;
  const told =
    firstOfEach(evidence.logs.get(jobId) ?? []).filter(({ event }) => event.container_id === id && !event.eos)
      .length;
  const held = heldWhenAsked?.length ?? 0;
  if (told < held && mayBeLost(evidence, container)) {
    return findings.excuse("logs of stopped containers that Redis lost before the harness had read them");
  }
  findings.expect(
    told >= held,
    jobId,
    () => `${step}'s container was stopped when it had ${held} lines, of which ${told} were ever passed on`,
  );
}

function wasAsked({ observations }: Evidence, { jobId, step, removedAt }: JobContainer): boolean {
  return observations.pfconCalls.some((call) =>
    call.method === "DELETE" && call.jobId === jobId && call.jobType === step &&
    call.at <= (removedAt ?? 0) + CLOCK_MS
  );
}
