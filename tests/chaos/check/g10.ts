/**
 * G10: a client is told each event once, whatever is lost and doubled before it; a gap only where lines cannot be had;
 * the end once, and last. (That it is told everything is G1, G3, G6 and G7; in which order is G4.) Pure.
 *
 * @module
 */
import type { SeenEvent } from "../observations.ts";
import { STEPS } from "../truth.ts";
import { type Evidence, started, type ToldClient } from "./evidence.ts";
import { type CheckResult, Findings } from "./violation.ts";

/** Checks everything that each client was told. */
export function checkG10(evidence: Evidence): CheckResult {
  const findings = new Findings("G10");
  for (const client of evidence.clients) {
    checkRepeats(findings, client);
    checkEnd(findings, client);
    for (const event of client.events) if (event.kind === "gap") checkGap(findings, evidence, client, event);
  }
  return findings.result;
}

/** One finding for each kind of event, as one cause repeats many. */
function checkRepeats(findings: Findings, { client, jobId, events, repeats }: ToldClient): void {
  for (const kind of ["status", "workflow", "logs"]) {
    const again = repeats.filter((event) => event.kind === kind);
    const [first] = again;
    const before = events.find(({ data }) => data?.event_id === first?.data.event_id);
    findings.expect(
      first === undefined,
      jobId,
      () =>
        `client "${client}" was told ${again.length} ${kind} events again, first ${textOf(first)} ` +
        `at ${first?.id}, before at ${before?.id}`,
    );
  }
}

function checkEnd(findings: Findings, { client, jobId, ended, events }: ToldClient): void {
  if (!ended) return; // G1 says so
  const ends = events.filter(({ kind }) => kind === "end").length;
  findings.expect(
    ends === 1 && events.at(-1)?.kind === "end",
    jobId,
    () => `client "${client}" was told ${ends} ends, and last ${textOf(events.at(-1))}`,
  );
}

/** Lines that the log store has in the end could be had, sooner or later. */
function checkGap(
  findings: Findings,
  evidence: Evidence,
  { client, jobId }: ToldClient,
  { data }: SeenEvent,
): void {
  const { from, to, job_type: step } = data ?? {};
  const stored = evidence.observations.finals.find((one) => one.jobId === jobId)?.logs ?? [];
  const containers = started(evidence).filter((one) => one.jobId === jobId && one.step === step);
  const has = (id: string) =>
    stored.some(({ container_id, seq }) => container_id === id && seq >= from && seq <= to);
  findings.expect(
    STEPS.includes(step) && from <= to && containers.length > 0 && containers.some(({ id }) => !has(id)),
    jobId,
    () => `client "${client}" was told that lines ${from} to ${to} of ${step} are missing, which can be had`,
  );
}

function textOf(event: SeenEvent | undefined): string {
  const { job_type, status, seq, current_step, current_step_status } = event?.data ?? {};
  const words = [event?.kind, job_type, status, seq, current_step, current_step_status];
  return words.filter((word) => word !== undefined).join(" ");
}
