/**
 * G4: the order within a job holds, in streams, stores and at clients. Pure.
 *
 * @module
 */
import { STEPS, workflowLines } from "../truth.ts";
import { attemptAt, type Evidence, firstOfEach, type Told, type ToldEntry } from "./evidence.ts";
import { lineViews, logViews } from "./line_views.ts";
import { isConfirmation } from "./states.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks the order of lines, of their numbers, of states, and of the workflow's steps. */
export function checkG4(evidence: Evidence): CheckResult {
  const findings = new Findings("G4");
  for (const { container, where, differences } of lineViews(evidence)) {
    const order = differences.find(({ kind }) => kind === "order");
    findings.expect(!order, container.jobId, () => `${where}: ${order?.what}`);
  }
  for (const { container, where, events } of logViews(evidence)) {
    const numbers = events.filter(({ eos }) => !eos).map(({ seq }) => Number(seq));
    monotone(findings, container.jobId, `line numbers ${where}`, numbers);
  }
  for (const kind of [evidence.logs, evidence.statuses, evidence.workflows]) {
    for (const [jobId, entries] of kind) {
      const shards = new Set(entries.map(({ entry }) => entry.stream));
      findings.expect(
        shards.size === 1,
        jobId,
        () => `its entries are divided over ${[...shards].join(", ")}`,
      );
    }
  }
  for (const jobId of evidence.truths.keys()) {
    for (const events of tellings(evidence.logs.get(jobId) ?? [])) {
      monotone(
        findings,
        jobId,
        "line numbers in one life of the log stream",
        events.map(({ seq }) => Number(seq)),
      );
    }
    // Confirmations are published by somebody else; that they come after what they confirm is G6.
    const states = (evidence.statuses.get(jobId) ?? []).filter(({ event }) => !isConfirmation(event));
    for (const events of tellings(states)) {
      monotone(
        findings,
        jobId,
        "states in one life of the status stream",
        events.map(stateRank),
        events.map(stateText),
      );
    }
    const again = stepsTriedAgain(evidence, jobId);
    const unstarted = new Set<string>(
      evidence.containers.filter((one) => one.jobId === jobId && one.startedAt === "").map(({ step }) =>
        step
      ),
    );
    for (const { where, events: told } of statusSequences(evidence, jobId)) {
      // That a container vanished before it started is noticed when somebody looks.
      const events = told.filter(({ status, job_type }) =>
        status !== "undefined" || !unstarted.has(job_type)
      );
      const ranks = events.map((event) => {
        const attempt = attemptAt(
          evidence.truths.get(jobId),
          Date.parse(event.timestamp ?? event.updated_at),
        );
        const isAgain = again.has(`${attempt} ${event.job_type}`);
        return attempt * STEPS.length * 3 + (isAgain ? stepRank(event) : stateRank(event));
      });
      monotone(findings, jobId, `states ${where}`, ranks, events.map(stateText));
    }
    if (evidence.truths.get(jobId)?.asked) continue; // G7 compares such a history line by line
    for (const { where, events } of workflowSequences(evidence, jobId)) {
      const ranks = events.map((event) => workflowRank(evidence, jobId, event));
      monotone(findings, jobId, `workflow events ${where}`, ranks, events.map(workflowText));
    }
  }
  return findings.result;
}

function monotone(
  findings: Findings,
  jobId: string,
  where: string,
  ranks: readonly number[],
  names: readonly string[] = ranks.map(String),
): void {
  const at = ranks.findIndex((rank, index) => index > 0 && rank < (ranks[index - 1] ?? 0));
  findings.expect(at < 0, jobId, () => `${where}: ${names[at]} comes after ${names[at - 1]}`);
}

/**
 * The states of a job, confirmations left out, as each place shows them. Of a state that was published again after a
 * loss of Redis the first telling counts here: forwarders then go container by container, in any order.
 */
function statusSequences(evidence: Evidence, jobId: string): { where: string; events: Told[] }[] {
  const answer = evidence.observations.finals.find((one) => one.jobId === jobId);
  const states = (events: readonly Told[]) => events.filter((event) => !isConfirmation(event));
  return [
    {
      where: "in the status stream",
      events: states(firstOfEach(evidence.statuses.get(jobId) ?? []).map(({ event }) => event)),
    },
    { where: "in the status history", events: states(answer?.statuses ?? []) },
    ...atClients(evidence, jobId, "status").map(({ where, events }) => ({ where, events: states(events) })),
  ];
}

function workflowSequences(evidence: Evidence, jobId: string): { where: string; events: Told[] }[] {
  const rows = evidence.observations.tables.job_workflow_events.filter((row) => row.job_id === jobId);
  const inStream = firstOfEach(evidence.workflows.get(jobId) ?? []).map(({ event }) => event);
  return [
    { where: "in the workflow stream", events: inStream },
    { where: "in job_workflow_events", events: rows },
    ...atClients(evidence, jobId, "workflow"),
  ];
}

function atClients(evidence: Evidence, jobId: string, kind: string): { where: string; events: Told[] }[] {
  return evidence.clients.filter((client) => client.jobId === jobId).map(({ client, events }) => ({
    where: `at the client "${client}"`,
    events: events.filter((event) => event.kind === kind).map(({ data }) => data),
  }));
}

/** What one generation of a stream tells of each container. */
function tellings(entries: readonly ToldEntry[]): Told[][] {
  const groups = Map.groupBy(entries, ({ entry, event }) => `${entry.generation} ${event.container_id}`);
  return [...groups.values()].map((entries) => entries.map(({ event }) => event));
}

const STATES = ["notStarted", "started", "finishedSuccessfully", "finishedWithError", "undefined"];

/** Grows along a job's life: a step is only ordered when the one before is known to be over. */
function stateRank(event: Told): number {
  return stepRank(event) + Math.min(2, STATES.indexOf(event.status));
}

function stepRank(event: Told): number {
  return STEPS.indexOf(event.job_type) * 3;
}

/** Steps of attempts with several containers: one that could not be started is followed by another, which begins anew. */
function stepsTriedAgain({ containers }: Evidence, jobId: string): Set<string> {
  const steps = Map.groupBy(
    containers.filter((one) => one.jobId === jobId),
    ({ attempt, step }) => `${attempt} ${step}`,
  );
  return new Set([...steps].filter(([, tries]) => tries.length > 1).map(([step]) => step));
}

function stateText(event: Told): string {
  return `${event.job_type} ${event.status}`;
}

function workflowRank({ truths }: Evidence, jobId: string, event: Told): number {
  const truth = truths.get(jobId);
  const lines = truth ? workflowLines(truth) : [];
  const rank = lines.findIndex(({ step, stepStatus }) =>
    step === event.current_step && (stepStatus === "started") === (event.current_step_status === "started")
  );
  return rank < 0 ? STEPS.length * 2 : rank;
}

function workflowText(event: Told): string {
  return `${event.current_step} ${event.current_step_status}`;
}
