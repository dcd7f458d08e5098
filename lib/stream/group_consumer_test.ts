import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { play, type Played } from "lib/testing/consumption/play.ts";
import {
  type Nature,
  type PlannedFault,
  type Scenario,
  scenarios,
} from "lib/testing/consumption/scenario.ts";

/** Why entries of each nature go to the dead letters, if they do. */
const REASONS: Partial<Record<Nature, string>> = {
  poison: "undecodable",
  failing: "handler failed",
  killer: "worker died",
};

/** What is wrong with how it ended; nothing may be. That everything came to an end is the stage's own check. */
function faultsOf({ witness, entries }: Played): string[] {
  const faults = [...witness.faults];
  for (const entry of entries) {
    const { n, planned: { nature } } = entry;
    const [reason, ...more] = witness.reasonsOf(entry);
    if (reason === undefined) continue;
    if (more.length > 0) faults.push(`${n} was dead-lettered ${more.length + 1} times`);
    if (reason !== REASONS[nature]) faults.push(`${n}, which is ${nature}, was dead-lettered: ${reason}`);
    if (witness.isDone(entry)) faults.push(`${n} was both done and dead-lettered`);
  }
  return faults;
}

/** Ten good entries of two jobs, two replicas, one shard, and these faults. */
function plain(...faults: readonly Partial<PlannedFault>[]): Scenario {
  return {
    seed: 1,
    shards: 1,
    replicas: 2,
    batchSize: 3,
    entries: Array.from({ length: 10 }, (_, n) => ({ job: n % 2, nature: "good" as const, at: n * 100 })),
    faults: faults.map((fault) => ({
      kind: "freeze",
      replica: 0,
      at: 0,
      ms: 3_000,
      moment: "anywhere",
      ...fault,
    })),
  };
}

/** Plays any scenarios with these kinds of faults; at the first broken promise fast-check prints its seeds. */
async function assertPromises(options: {
  kinds: readonly PlannedFault["kind"][];
  natures?: readonly Nature[];
  numRuns: number;
  check?: (played: Played) => void;
  /** Scenarios that are played in any case. */
  examples?: readonly Scenario[];
}): Promise<void> {
  const natures = options.natures && fc.constantFrom(...options.natures);
  const property = fc.asyncProperty(scenarios(options.kinds, natures), async (scenario) => {
    const played = await play(scenario);
    assertEquals(faultsOf(played), []);
    options.check?.(played);
  });
  const examples = (options.examples ?? []).map((scenario): [Scenario] => [scenario]);
  await fc.assert(property, { numRuns: options.numRuns, endOnFailure: true, examples });
}

Deno.test("G4 G8 G9 order holds, each entry is done or dead-lettered once, whoever freezes, dies or stops, wherever he is", async () => {
  let refusals = 0;
  await assertPromises({
    kinds: ["freeze", "crash", "stop"],
    numRuns: 25,
    examples: [plain({ replica: 0, moment: "after an effect" }, { replica: 1, moment: "after an effect" })],
    check: ({ witness }) => refusals += witness.refusals,
  });
  assert(refusals > 0, "nobody ever came too late: these scenarios prove nothing");
});

Deno.test("G4 G8 G9 the same while Redis or the handler's dependency is away, refuses, or loses answers", async () => {
  const kinds = [
    "redis away",
    "redis refuses",
    "answers lost",
    "dependency away",
    "freeze",
    "crash",
  ] as const;
  await assertPromises({ kinds, numRuns: 25 });
});

Deno.test("G9 an entry that ends every process that handles it is dead-lettered at last, and nothing else with it", async () => {
  await assertPromises({
    kinds: ["freeze", "answers lost", "dependency away"],
    natures: ["good", "good", "good", "good", "good", "good", "good", "moody", "killer"],
    numRuns: 12,
  });
});

Deno.test("G14 consumers go on by themselves after Redis forgot everything, from the first entry that comes then", async () => {
  await assertPromises({ kinds: ["flush", "freeze", "answers lost"], numRuns: 12 });
});

Deno.test("G8 entries that streams lost before they were done are all counted", async () => {
  let lost = 0;
  await assertPromises({
    kinds: ["trim", "dependency away", "crash", "answers lost"],
    natures: ["good"],
    numRuns: 15,
    examples: [plain({ kind: "dependency away" }, { kind: "trim", at: 950 })],
    check: ({ witness, countedLost }) => {
      assert(countedLost >= witness.lost, `${witness.lost} were lost, ${countedLost} counted`);
      lost += witness.lost;
    },
  });
  assert(lost > 0, "nothing was ever lost: these scenarios prove nothing");
});
