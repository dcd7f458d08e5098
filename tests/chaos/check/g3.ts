/**
 * G3: every state of every container is reported once, with its true time. Pure.
 *
 * @module
 */
import { doubling, type Evidence, firstOfEach, type JobContainer, type Told } from "./evidence.ts";
import { isConfirmation, statesOf } from "./states.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks the set of event ids of each job against the one worked out from the engine's record. */
export function checkG3(evidence: Evidence): CheckResult {
  const findings = new Findings("G3");
  const containers = Map.groupBy(evidence.containers, ({ jobId }) => jobId);
  for (const jobId of evidence.truths.keys()) {
    const ofJob = containers.get(jobId) ?? [];
    for (const { attempts, ...view } of statusViews(evidence, jobId)) {
      checkSet(findings, ofJob.filter(({ attempt }) => attempt <= attempts), { ...view, jobId });
    }
    checkGenerations(findings, evidence, jobId);
  }
  for (const container of lastOfEachStep(evidence.containers)) checkTable(findings, evidence, container);
  return findings.result;
}

/** Where a job's states are shown, and of how many attempts. */
function statusViews(
  evidence: Evidence,
  jobId: string,
): { where: string; events: readonly Told[]; attempts: number }[] {
  const answer = evidence.observations.finals.find((one) => one.jobId === jobId);
  const clients = evidence.clients.filter((client) => client.jobId === jobId && client.ended);
  return [
    {
      where: "the status stream",
      events: firstOfEach(evidence.statuses.get(jobId) ?? []).map(({ event }) => event),
      attempts: Infinity,
    },
    { where: "the status history", events: answer?.statuses ?? [], attempts: Infinity },
    ...clients.map(({ client, events, attempts }) => ({
      where: `the client "${client}"`,
      attempts,
      events: events.filter(({ kind }) => kind === "status").map(({ data }) => data),
    })),
  ];
}

function checkSet(
  findings: Findings,
  containers: readonly JobContainer[],
  { jobId, where, events }: { jobId: string; where: string; events: readonly Told[] },
): void {
  const told = events.filter((event) => !isConfirmation(event));
  const ids = told.map(({ event_id }) => event_id);
  const known = new Set<string>();
  for (const container of containers) {
    for (const { eventId, status, timestamp } of statesOf(container)) {
      known.add(eventId);
      const times = ids.filter((id) => id === eventId).length;
      if (times === 0 && container.startedAt === "") {
        findings.excuse("states of containers that never started and were removed before they were told");
        continue;
      }
      findings.expect(
        times === 1,
        jobId,
        () => `${where} has ${container.step} ${status} of ${timestamp} ${times} times`,
      );
      const event = told.find(({ event_id }) => event_id === eventId);
      const exitCode = status.startsWith("finished") ? container.exitCode : null;
      findings.expect(
        !event || event.exit_code === exitCode,
        jobId,
        () => `${where} has ${container.step} ${status} with exit code ${event?.exit_code}, not ${exitCode}`,
      );
    }
  }
  const stopped = containers.filter((one) => one.stopped);
  const stoppedEnds = told.filter((event) =>
    !known.has(event.event_id) && stopped.some((container) => endsIt(container, event))
  );
  for (const container of stopped) {
    checkStoppedEnd(findings, { jobId, where }, stoppedEnds.filter((event) => endsIt(container, event)));
  }
  // Gone before they started: nobody but their last observer knows when.
  const vanished = new Set<string>(
    containers.filter(({ startedAt }) => startedAt === "").map(({ step }) => step),
  );
  const unseen = new Set<string>(
    containers.filter(({ createdAt }) => createdAt === "").map(({ step }) => step),
  );
  for (const event of told.filter((one) => !known.has(one.event_id) && !stoppedEnds.includes(one))) {
    if (event.status === "undefined" && vanished.has(event.job_type)) {
      findings.excuse("containers that never started, told as vanished");
      continue;
    }
    if (event.status === "notStarted" && unseen.has(event.job_type)) {
      findings.excuse("containers that never started and were gone before the harness could look at them");
      continue;
    }
    const what = `${event.job_type} ${event.status} of ${event.timestamp ?? event.updated_at}`;
    findings.expect(false, jobId, () => `${where} has ${what}, which the engine does not know`);
  }
}

/** Nobody but its observer knows when a container ended that was removed while it ran: it is told once, or never. */
function checkStoppedEnd(
  findings: Findings,
  { jobId, where }: { jobId: string; where: string },
  ends: readonly Told[],
): void {
  if (ends.length === 0) findings.excuse("ends of stopped containers that nobody saw");
  findings.expect(
    ends.length <= 1,
    jobId,
    () => `${where} has ${ends.length} ends of a stopped container: ${ends.map(({ status }) => status)}`,
  );
}

/**
 * Whether the event tells the end of this container. History does not name containers, but no step is stopped twice in
 * one attempt.
 */
function endsIt(
  { step, startedAt, next }: JobContainer,
  { job_type, status, timestamp, updated_at }: Told,
): boolean {
  const at = Date.parse(timestamp ?? updated_at);
  const isEnd = status !== "notStarted" && status !== "started";
  return isEnd && job_type === step && at >= Math.floor(Date.parse(startedAt)) && at < next;
}

/** The table has one row of a step: that of its newest container. */
function lastOfEachStep(containers: readonly JobContainer[]): JobContainer[] {
  const ran = containers.filter(({ startedAt }) => startedAt !== "").toSorted((a, b) =>
    a.createdAt < b.createdAt ? -1 : 1
  );
  return [...new Map(ran.map((one) => [`${one.jobId} ${one.step}`, one])).values()].filter(({ stopped }) =>
    !stopped
  );
}

/** Within one generation of the stream nothing comes twice. */
function checkGenerations(findings: Findings, evidence: Evidence, jobId: string): void {
  const isDoubled = doubling();
  for (const { entry, event } of evidence.statuses.get(jobId) ?? []) {
    findings.expect(
      !isDoubled({ entry, event }),
      jobId,
      () => `${entry.stream} ${entry.id} doubles ${event.job_type} ${event.status}`,
    );
  }
}

/** The table's row of the step is its container's last state. */
function checkTable(findings: Findings, evidence: Evidence, container: JobContainer): void {
  const { jobId, step } = container;
  const last = container.startedAt === "" ? undefined : statesOf(container).at(-1);
  if (!last) return;
  const row = evidence.observations.tables.job_status.find((one) =>
    one.job_id === jobId && one.job_type === step
  );
  findings.expect(
    row?.event_id === last.eventId && row.status === last.status,
    jobId,
    () => `job_status has ${step} ${row?.status}, not ${last.status} of ${last.timestamp}`,
  );
}
