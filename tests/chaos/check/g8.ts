/**
 * G8: an outage is a pause, and sends nothing to the dead letters. (That it costs no message is G1, G3 and G7.) Pure.
 *
 * @module
 */
import type { Evidence } from "./evidence.ts";
import { type CheckResult, Findings, shown } from "./violation.ts";

/** Checks that there is nothing among the dead letters but the poison of the harness. */
export function checkG8({ observations }: Evidence): CheckResult {
  const findings = new Findings("G8");
  const poison = new Set(
    observations.injected.filter(({ kind }) => kind === "poison").map(({ stream, id }) => `${stream} ${id}`),
  );
  const letters = observations.deadLetters.filter(({ fields }) =>
    !poison.has(`${fields.origin_stream} ${fields.origin_id}`)
  );
  const handled = new Set(observations.entries.map(({ stream, id }) => `${stream} ${id}`));
  for (const { fields } of letters) {
    findings.expect(
      false,
      jobOf(fields.data ?? ""),
      () =>
        `${fields.origin_stream} ${fields.origin_id} is among the dead letters (${fields.reason}: ` +
        `${fields.error}): ${shown(fields.data ?? "")}`,
    );
  }
  for (let count = handled.size - poison.size - letters.length; count > 0; count--) {
    findings.expect(true, "", () => "");
  }
  return findings.result;
}

function jobOf(data: string): string {
  return /"job_id":"([^"]*)"/.exec(data)?.[1] ?? "unknown job";
}
