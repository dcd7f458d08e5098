/**
 * G9: poison goes to the dead letters with its bytes and a reason, and does not stop the line. (That others went on is
 * G1, G3 and G7 of every job.) Pure.
 *
 * @module
 */
import type { SeenDeadLetter } from "../observations.ts";
import type { InjectedEntry } from "../world.ts";
import type { Evidence } from "./evidence.ts";
import { type CheckResult, Findings, shown } from "./violation.ts";

/** Checks that each poisonous entry has one dead letter. Nobody consumes workflow streams, so poison there has none. */
export function checkG9({ observations }: Evidence): CheckResult {
  const findings = new Findings("G9");
  const { deadLetters, injected, redisLosses } = observations;
  for (const poison of injected) {
    if (poison.kind !== "poison" || poison.stream.startsWith("stream:job-workflow:")) continue;
    const letters = deadLetters.filter(({ fields }) =>
      fields.origin_stream === poison.stream && fields.origin_id === poison.id
    );
    const addedAt = Number(poison.id.split("-")[0]);
    if (letters.length === 0 && redisLosses.some(({ noticed }) => noticed > addedAt - CLOCK_MS)) {
      findings.excuse("poison that Redis lost before it was seen among the dead letters");
      continue;
    }
    const where = `${poison.stream} ${poison.id}`;
    findings.expect(
      letters.length > 0,
      where,
      () => `poison is not among the dead letters: ${textOf(poison)}`,
    );
    const generations = new Set(letters.map(({ generation }) => generation));
    findings.expect(
      generations.size === letters.length,
      where,
      () => `poison is ${letters.length} times among the dead letters`,
    );
    for (const letter of letters) {
      findings.expect(
        hasBytes(letter, poison) && letter.fields.reason !== undefined && letter.fields.reason !== "",
        where,
        () =>
          `the dead letter says ${letter.fields.reason}: ${shown(letter.fields.data ?? "")}, not ${
            textOf(poison)
          }`,
      );
    }
  }
  return findings.result;
}

/** How much Redis's clock and ours may read differently (ms). */
const CLOCK_MS = 1_000;

function hasBytes({ fields }: SeenDeadLetter, poison: InjectedEntry): boolean {
  const { data } = poison.fields;
  // Without a data field there are no original bytes: its fields must be told in some way.
  if (data === undefined) return Object.values(poison.fields).every((value) => fields.data?.includes(value));
  return fields.data === data;
}

function textOf({ fields }: InjectedEntry): string {
  return shown(fields.data ?? JSON.stringify(fields));
}
