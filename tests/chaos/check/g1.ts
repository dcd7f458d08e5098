/**
 * G1: no log line is lost or doubled, in the log stream, in the log store's answers and at a client. Pure.
 *
 * @module
 */
import { type Evidence, type ToldEntry } from "./evidence.ts";
import { lineId } from "./ids.ts";
import { lineViews, type LogView, logViews } from "./line_views.ts";
import { type CheckResult, Findings, shown } from "./violation.ts";

/** Checks lines, event ids and end-of-stream markers. */
export function checkG1(evidence: Evidence): CheckResult {
  const findings = new Findings("G1");
  for (const { container, where, differences } of lineViews(evidence)) {
    const faults = differences.filter(({ kind }) => kind === "lost" || kind === "extra");
    findings.expect(faults.length === 0, container.jobId, () => `${where}: ${faults.map((one) => one.what)}`);
  }
  for (const view of logViews(evidence)) {
    if (!view.hasMarkers) continue;
    if (view.container.stopped) checkStoppedMarker(findings, view);
    else checkMarker(findings, view);
  }
  for (const [jobId, entries] of evidence.logs) checkStream(findings, evidence, jobId, entries);
  for (const { client, jobId, ended } of evidence.clients) {
    findings.expect(ended, jobId, () => `client "${client}" was never told the end`);
  }
  return findings.result;
}

function checkMarker(findings: Findings, { container, where, events }: LogView): void {
  const markers = events.filter(({ eos }) => eos);
  const lines = container.lines.length;
  const [marker] = markers;
  findings.expect(
    markers.length === 1 && marker.seq === lines && events.at(-1) === marker,
    container.jobId,
    () =>
      markers.length !== 1
        ? `${where}: ${markers.length} ends of stream`
        : `${where}: the end of stream counts ${marker.seq} lines, behind ${
          events.indexOf(marker)
        } events; there are ${lines}`,
  );
}

/** Nobody can know how many lines a stopped container wrote in all: its end counts those told, or is not told. */
function checkStoppedMarker(findings: Findings, { container, where, events }: LogView): void {
  const markers = events.filter(({ eos }) => eos);
  if (markers.length === 0) return findings.excuse("ends of logs of stopped containers that were not told");
  const lines = events.length - 1;
  findings.expect(
    markers.length === 1 && events.at(-1) === markers[0] && markers[0].seq >= lines,
    container.jobId,
    () =>
      `${where}: ${markers.length} ends of stream of a stopped container, last ${
        markers.at(-1)?.seq
      }, beside ${lines} lines`,
  );
}

/** In the stream an event id stands once in each generation, is what the contract makes of the line, and has an owner. */
function checkStream(
  findings: Findings,
  evidence: Evidence,
  jobId: string,
  entries: readonly ToldEntry[],
): void {
  const containers = new Set(evidence.containers.filter((one) => one.jobId === jobId).map(({ id }) => id));
  const seen = new Set<string>();
  const equal = new Map<string, number>();
  for (const { event, entry } of entries) {
    const key = `${entry.generation} ${event.event_id}`;
    findings.expect(!seen.has(key), jobId, () => `${entry.stream} ${entry.id} doubles ${shown(event.line)}`);
    seen.add(key);
    const same = JSON.stringify([
      entry.generation,
      event.container_id,
      event.stream,
      event.timestamp,
      event.line,
    ]);
    const repeat = (equal.get(same) ?? 0) + 1;
    equal.set(same, repeat);
    findings.expect(
      event.event_id === lineId(event, repeat),
      jobId,
      () => `${entry.stream} ${entry.id} has another id than its line ${shown(event.line)} makes it`,
    );
    findings.expect(
      containers.has(event.container_id),
      jobId,
      () => `${entry.stream} ${entry.id} is of a container that never was: ${shown(event.line)}`,
    );
  }
}
