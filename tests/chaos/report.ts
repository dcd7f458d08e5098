/**
 * What a run comes to, as text for people and as JSON. Pure.
 *
 * @module
 */
import type { CheckResults } from "./check.ts";
import type { Violation } from "./check/violation.ts";
import type { Observations } from "./observations.ts";
import type { JobTruth } from "./truth.ts";

/** What a report tells of. */
export interface Run {
  readonly seed: number;
  readonly minutes: number;
  /** The command that does the same again. */
  readonly command: string;
  readonly truths: readonly JobTruth[];
  readonly observations: Observations;
  /** Faults in the order in which they were injected. */
  readonly faults: readonly { readonly name: string }[];
  /** Plants in use, by name; empty in a run that must succeed. */
  readonly plants: readonly string[];
  readonly results: CheckResults;
}

/** The report, ready for JSON. */
export interface Report {
  readonly seed: number;
  readonly minutes: number;
  readonly command: string;
  readonly plants: readonly string[];
  /** Jobs whose order was accepted, by kind. */
  readonly jobs: Readonly<Record<string, number>>;
  /** Jobs whose order was never answered: not checked. */
  readonly jobsNotAccepted: number;
  readonly injected: Readonly<Record<string, number>>;
  readonly redisLosses: number;
  readonly seen: Readonly<Record<string, number>>;
  readonly checked: Readonly<Record<string, { readonly checked: number; readonly violations: number }>>;
  /** How long the machine was kept from working after the faults had ended (s). */
  readonly stolenSeconds: number;
  /** What was unusual but is not promised, by reason. */
  readonly excused: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

/** Sums a run up. */
export function makeReport(run: Run): Report {
  const { observations, truths, results } = run;
  const accepted = truths.filter(({ acceptedAt }) => acceptedAt !== null);
  return {
    seed: run.seed,
    minutes: run.minutes,
    command: run.command,
    plants: run.plants,
    jobs: counts(accepted.map(({ recipe }) => recipe)),
    jobsNotAccepted: truths.length - accepted.length,
    injected: counts(run.faults.map(({ name }) => name)),
    redisLosses: observations.redisLosses.length,
    seen: {
      "containers": observations.containers.length,
      "stream entries": observations.entries.length,
      "clients": observations.clients.length,
      "events at clients": observations.events.length,
      "calls to pfcon": observations.pfconCalls.length,
      "dead letters": observations.deadLetters.length,
    },
    checked: Object.fromEntries(
      Object.entries(results).map(([guarantee, { checked, violations }]) => [
        guarantee,
        { checked, violations: violations.length },
      ]),
    ),
    stolenSeconds: Math.round((observations.stolenMs ?? 0) / 1_000),
    excused: summed(Object.values(results).map(({ excused }) => excused)),
    violations: Object.values(results).flatMap(({ violations }) => violations),
  };
}

/** What each guarantee promises, in a few words. */
const PROMISES: Readonly<Record<string, string>> = {
  G1: "no log line lost or doubled",
  G2: "lines byte-exact",
  G3: "every state reported once, with its true time",
  G4: "order within a job",
  G5: "no container removed before its log is stored",
  G6: "confirmations never lost, never early",
  G7: "right end of each workflow, each step ordered once",
  G8: "an outage sends nothing to the dead letters",
  G9: "poison goes to the dead letters, others go on",
  G10: "clients told each event once, a gap only where there is one",
  G14: "nothing lost with Redis that the runtime held",
  G15: "stopping is clean",
  G16: "all became ready, whatever the order",
};
/** Violations shown of each guarantee; JSON has all. */
const SHOWN = 3;

/** The report for people. Its last line says how it went. */
export function reportText(report: Report): string {
  const { violations } = report;
  const unchecked = Object.entries(report.checked).filter(([, { checked }]) => checked === 0).map(([id]) =>
    id
  );
  const shown = Object.values(Object.groupBy(violations, ({ guarantee }) => guarantee)).flatMap((
    group = [],
  ) => [
    ...group.slice(0, SHOWN).map(({ guarantee, subject, what }) => `  ${guarantee}  ${subject}: ${what}`),
    ...(group.length > SHOWN ? [`  ${group[0]?.guarantee}  … and ${group.length - SHOWN} more`] : []),
  ]);
  const [first] = violations;
  return [
    `Seed ${report.seed}, ${report.minutes} minutes${
      report.plants.length > 0 ? `, broken on purpose: ${report.plants.join(", ")}` : ""
    }`,
    "",
    `Injected: ${listed(report.injected)}. Redis lost entries ${report.redisLosses} times.`,
    `Jobs: ${listed(report.jobs)}${
      report.jobsNotAccepted > 0 ? ` (${report.jobsNotAccepted} more never accepted, not checked)` : ""
    }.`,
    `Seen: ${listed(report.seen)}.`,
    "",
    ...table([
      ["", "promise", "compared", "violations"],
      ...Object.entries(report.checked).map(([id, { checked, violations }]) => [
        id,
        PROMISES[id] ?? "",
        checked === 0 ? "not checked" : String(checked),
        checked === 0 ? "-" : String(violations),
      ]),
    ]),
    ...(Object.keys(report.excused).length > 0 ? ["", `Not promised: ${listed(report.excused)}.`] : []),
    ...(report.stolenSeconds > 0
      ? ["", `The machine was kept from working for ${report.stolenSeconds} s after the faults: not counted.`]
      : []),
    ...(shown.length > 0 ? ["", "Violations:", ...shown] : []),
    "",
    first
      ? `FAILED: ${violations.length} violations, first ${first.guarantee} of ${first.subject}, seed ${report.seed}. ` +
        `Again: ${report.command}`
      : `ok: no violation${unchecked.length > 0 ? `; not checked in this run: ${unchecked.join(", ")}` : ""}`,
  ].join("\n");
}

function counts(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

function summed(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) {
    sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

function listed(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers).map(([name, count]) => `${count} ${name}`).join(", ") || "nothing";
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}
