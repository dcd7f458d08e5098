/**
 * G7: every workflow reaches the right end in time; each step is ordered once per attempt; who asks often gets what
 * was asked for once. Pure.
 *
 * @module
 */
import { attemptsOf, controls, type JobTruth, STEPS, stepsRun, verdict, wasCancelled } from "../truth.ts";
import { type Evidence, firstOfEach, started, type Told } from "./evidence.ts";
import { type Attempt, attemptsTold, linesOfAttempt } from "./attempts.ts";
import { workflowId } from "./ids.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks results, histories, and which containers ran. `overWithinMs`: longest time after the faults' end. */
export function checkG7(evidence: Evidence, { overWithinMs }: { overWithinMs: number }): CheckResult {
  const findings = new Findings("G7");
  for (const truth of evidence.truths.values()) {
    checkResult(findings, evidence, truth, overWithinMs);
    checkHistory(findings, evidence, truth);
    for (const attempt of attemptsTold(evidence, truth)) checkContainers(findings, evidence, truth, attempt);
    checkAnswers(findings, truth);
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
  const right = `completed ${wasCancelled(truth, attemptsOf(truth)) ? "cancelled" : verdict(truth)}`;
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
  const lastAsked = controls(truth).at(-1)?.answeredAt ?? 0;
  const lateMs = Date.parse(answer.updated_at) - Math.max(healedAt, lastAsked);
  findings.expect(
    // What was taken from the machine itself is not the workflow's time.
    answer.status !== "running" && lateMs <= overWithinMs + (evidence.observations.stolenMs ?? 0),
    jobId,
    () => `it was ${answer.status} ${Math.round(lateMs / 1000)} s after the faults had ended`,
  );
}

function checkHistory(findings: Findings, evidence: Evidence, truth: JobTruth): void {
  const { jobId } = truth;
  const attempts = attemptsTold(evidence, truth).map((attempt) =>
    linesOfAttempt(truth, attempt).map(({ step, stepStatus, workflowStatus }) =>
      `${step} ${stepStatus} ${workflowStatus}`
    )
  );
  const clients = evidence.clients.filter((client) => client.jobId === jobId && client.ended);
  const places: [string, Told[], number][] = [
    [
      "the workflow stream",
      firstOfEach(evidence.workflows.get(jobId) ?? []).map(({ event }) => event),
      Infinity,
    ],
    [
      "job_workflow_events",
      evidence.observations.tables.job_workflow_events.filter((row) => row.job_id === jobId),
      Infinity,
    ],
    ...clients.map(({ client, events, attempts }): [string, Told[], number] => [
      `the client "${client}"`,
      events.filter(({ kind }) => kind === "workflow").map(({ data }) => data),
      attempts,
    ]),
  ];
  for (const [where, events, seen] of places) {
    const expected = attempts.slice(0, seen).flat();
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

/** Each step that must run has run once in each attempt, in one container; no other has. */
function checkContainers(findings: Findings, evidence: Evidence, truth: JobTruth, attempt: Attempt): void {
  const { jobId } = truth;
  const ran = started(evidence).filter((one) => one.jobId === jobId && one.attempt === attempt.number);
  const must = new Set<string>(stepsRun(truth));
  const foundAt = STEPS.findIndex((step) => step === attempt.cancelledAt);
  for (const [place, step] of STEPS.entries()) {
    const times = ran.filter((container) => container.step === step).length;
    const isStopped = foundAt >= 0 && foundAt < STEPS.indexOf("delete");
    const most = isStopped && place > foundAt
      ? Number(step === "delete" && attempt.deletes)
      : Number(must.has(step));
    const least = isStopped && place === foundAt ? 0 : most;
    findings.expect(
      times >= least && times <= most,
      jobId,
      () =>
        `${step} ran in ${times} containers, not in ${most}${
          truth.asked ? `, in attempt ${attempt.number}, cancelled at ${attempt.cancelledAt}` : ""
        }`,
    );
  }
  const exit = ran.find(({ step, stopped }) => step === "plugin" && !stopped)?.exitCode;
  if (typeof truth.end !== "string" && exit !== undefined) {
    const right = truth.end.exit;
    findings.expect(exit === right, jobId, () => `the plugin's container exited with ${exit}, not ${right}`);
  }
}

/** Several clicks are answered alike; what is over or has succeeded is refused. */
function checkAnswers(findings: Findings, truth: JobTruth): void {
  for (const { action, answers } of truth.asked ?? []) {
    const kinds = new Set(answers.map(({ status, attempt }) => `${status} attempt ${attempt ?? "none"}`));
    findings.expect(
      kinds.size === 1,
      truth.jobId,
      () => `clicks to ${action} at one time were answered with ${[...kinds].join(" and ")}`,
    );
  }
}
