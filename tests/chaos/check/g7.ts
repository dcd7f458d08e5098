/**
 * G7: every workflow reaches the right end in time; each step is ordered once. Pure.
 *
 * @module
 */
import { type JobTruth, STEPS, stepsRun, verdict, workflowLines } from "../truth.ts";
import { type Evidence, firstOfEach, started, type Told } from "./evidence.ts";
import { workflowId } from "./ids.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks results, histories, and which containers ran. `overWithinMs`: longest time after the faults' end. */
export function checkG7(evidence: Evidence, { overWithinMs }: { overWithinMs: number }): CheckResult {
  const findings = new Findings("G7");
  for (const truth of evidence.truths.values()) {
    checkResult(findings, evidence, truth, overWithinMs);
    checkHistory(findings, evidence, truth);
    checkContainers(findings, evidence, truth);
    for (const { entry, event } of evidence.workflows.get(truth.jobId) ?? []) {
      const right = event.event_id === workflowId(event);
      findings.expect(
        right,
        truth.jobId,
        () => `${entry.stream} ${entry.id} has another id than its content makes it`,
      );
    }
  }
  return findings.result;
}

function checkResult(findings: Findings, evidence: Evidence, truth: JobTruth, overWithinMs: number): void {
  const { jobId } = truth;
  const { finals, tables, healedAt } = evidence.observations;
  const right = `completed ${verdict(truth)}`;
  const answer = finals.find((one) => one.jobId === jobId)?.workflow;
  const row = tables.job_workflow.find((one) => one.job_id === jobId);
  const held = answer?.held ? `, held: ${answer.held}` : "";
  const places: [string, Told][] = [["the answer", answer], ["job_workflow", row]];
  for (const [where, told] of places) {
    const said = told ? `${told.current_step} ${told.status}` : "nothing";
    findings.expect(
      said === right,
      jobId,
      () => `${where} says ${said}${held}, not ${right} (${truth.recipe})`,
    );
  }
  if (healedAt === null || !answer) return;
  const lateMs = Date.parse(answer.updated_at) - healedAt;
  findings.expect(
    answer.status !== "running" && lateMs <= overWithinMs,
    jobId,
    () => `it was ${answer.status} ${Math.round(lateMs / 1000)} s after the faults had ended`,
  );
}

function checkHistory(findings: Findings, evidence: Evidence, truth: JobTruth): void {
  const { jobId } = truth;
  const expected = workflowLines(truth).map(({ step, stepStatus, workflowStatus }) =>
    `${step} ${stepStatus} ${workflowStatus}`
  );
  const clients = evidence.clients.filter((client) => client.jobId === jobId && client.ended);
  const places: [string, Told[]][] = [
    ["the workflow stream", firstOfEach(evidence.workflows.get(jobId) ?? []).map(({ event }) => event)],
    [
      "job_workflow_events",
      evidence.observations.tables.job_workflow_events.filter((row) => row.job_id === jobId),
    ],
    ...clients.map(({ client, events }): [string, Told[]] => [
      `the client "${client}"`,
      events.filter(({ kind }) => kind === "workflow").map(({ data }) => data),
    ]),
  ];
  for (const [where, events] of places) {
    const told = events.map((one) => `${one.current_step} ${one.current_step_status} ${one.workflow_status}`);
    const at = Math.max(expected.findIndex((line, index) => line !== told[index]), 0);
    findings.expect(
      JSON.stringify(told) === JSON.stringify(expected),
      jobId,
      () =>
        `${where} has "${told[at]}" as event ${at + 1}, not "${
          expected[at]
        }" (${told.length} of ${expected.length})`,
    );
  }
}

/** Each step that must run has run once, in one container; no other has. */
function checkContainers(findings: Findings, evidence: Evidence, truth: JobTruth): void {
  const { jobId } = truth;
  const ran = started(evidence).filter((one) => one.jobId === jobId);
  const must = new Set<string>(stepsRun(truth));
  for (const step of STEPS) {
    const times = ran.filter((container) => container.step === step).length;
    const right = must.has(step) ? 1 : 0;
    findings.expect(times === right, jobId, () => `${step} ran in ${times} containers, not in ${right}`);
  }
  const exit = ran.find(({ step }) => step === "plugin")?.exitCode;
  if (typeof truth.end !== "string" && exit !== undefined) {
    const right = truth.end.exit;
    findings.expect(exit === right, jobId, () => `the plugin's container exited with ${exit}, not ${right}`);
  }
}
