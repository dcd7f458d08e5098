/**
 * G6: a confirmation is never lost, never early, and has one id. Pure.
 *
 * @module
 */
import {
  doubling,
  type Evidence,
  firstOfEach,
  type JobContainer,
  started,
  type Told,
  type ToldEntry,
} from "./evidence.ts";
import { confirmationOf, endOf, isConfirmation } from "./states.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks the confirmation of each container's end, in the stream, at clients, and against the table. */
export function checkG6(evidence: Evidence): CheckResult {
  const findings = new Findings("G6");
  for (const container of started(evidence)) checkContainer(findings, evidence, container);
  for (const [jobId, entries] of evidence.statuses) checkExtra(findings, evidence, jobId, entries);
  for (const { jobId, eventId, durable } of evidence.observations.confirmations) {
    if (!evidence.truths.has(jobId)) continue;
    if (durable === null) findings.excuse("confirmations read while Postgres did not answer");
    else findings.expect(durable, jobId, () => `${eventId} confirms a state that job_status did not have`);
  }
  return findings.result;
}

function checkContainer(findings: Findings, evidence: Evidence, container: JobContainer): void {
  const { jobId, step } = container;
  const end = endOf(container);
  const confirmation = confirmationOf(container);
  if (!end || !confirmation) return;
  const entries = evidence.statuses.get(jobId) ?? [];
  const states = entries.findIndex(({ event }) => event.event_id === end.eventId);
  const first = entries.findIndex(({ event }) => event.event_id === confirmation.eventId);
  const event = entries[first]?.event;
  findings.expect(first >= 0, jobId, () => `${step} ${end.status} was never confirmed`);
  if (first >= 0) {
    findings.expect(
      states >= 0 && states < first,
      jobId,
      () => `${step} ${end.status} was confirmed before it was told`,
    );
    const { timestamp, previous_status, exit_code } = event;
    findings.expect(
      timestamp === end.timestamp && previous_status === end.status && exit_code === container.exitCode,
      jobId,
      () =>
        `${step}'s confirmation tells ${previous_status} ${exit_code} of ${timestamp}, not what it confirms`,
    );
  }
  const clients = evidence.clients.filter((one) =>
    one.jobId === jobId && one.ended && container.attempt <= one.attempts
  );
  for (const client of clients) {
    const times = client.events.filter(({ data }) => data?.event_id === confirmation.eventId).length;
    findings.expect(
      times === 1,
      jobId,
      () => `client "${client.client}" was told ${times} times that ${step} ${end.status} is confirmed`,
    );
  }
}

/** A confirmation that confirms nothing that happened, or that comes twice within one generation. */
function checkExtra(
  findings: Findings,
  evidence: Evidence,
  jobId: string,
  entries: readonly ToldEntry[],
): void {
  const confirmed = entries.filter(({ event }) => isConfirmation(event));
  const known = new Set(
    started(evidence).filter((one) => one.jobId === jobId).map((one) => confirmationOf(one)?.eventId),
  );
  const notStarted = new Set(
    evidence.containers.filter((one) => one.jobId === jobId && one.startedAt === "").map(({ id }) => id),
  );
  const stopped = new Set(
    evidence.containers.filter((one) => one.jobId === jobId && one.stopped).map(({ id }) => id),
  );
  const confirms = (event: Told) =>
    entries.some(({ event: state }) =>
      state.container_id === event.container_id && `confirmed_${state.status}` === event.status
    );
  for (const { entry, event } of firstOfEach(confirmed)) {
    if (stopped.has(event.container_id) && confirms(event)) continue;
    const vanished = event.status === "confirmed_undefined" && notStarted.has(event.container_id);
    findings.expect(
      known.has(event.event_id) || vanished,
      jobId,
      () =>
        `${entry.stream} ${entry.id} is ${event.job_type} ${event.status} of ${event.timestamp}, which never was`,
    );
  }
  const isDoubled = doubling();
  for (const { entry, event } of confirmed) {
    findings.expect(
      !isDoubled({ entry, event }),
      jobId,
      () => `${entry.stream} ${entry.id} doubles ${event.job_type} ${event.status}`,
    );
  }
}
