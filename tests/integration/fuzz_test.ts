import { assertEquals } from "@std/assert";
import { operationsOf } from "../fuzz/document.ts";
import { fuzz } from "../fuzz/fuzz.ts";
import { type FuzzTarget, startFuzzTarget } from "../fuzz/target.ts";

/** One round; `deno task fuzz` goes on for longer. */
const DURATION_MS = 8_000;
/** Rounds at most: one does on a machine that is not busy. */
const ROUNDS = 10;

/** Attacks round after round until nothing is missing; what still is. Throws at the first wrong answer. */
async function attack(target: FuzzTarget, missing: (seen: readonly string[]) => string[]): Promise<string[]> {
  const seen = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const report = await fuzz({ ...target, seed, durationMs: DURATION_MS });
    assertEquals(report.failure, null, `seed ${seed}`);
    for (const answer of report.answers.keys()) seen.add(answer);
    if (missing([...seen]).length === 0) return [];
  }
  return missing([...seen]);
}

Deno.test("G12 requests made up from the OpenAPI document get no 5xx, no hang, and no answer outside its schema", async () => {
  await using target = await startFuzzTarget({ tokens: false });
  const operations = operationsOf(await (await fetch(`${target.origin}/openapi.json`)).json());
  const wanted = operations.filter(({ method }) => method !== "HEAD").map(({ method, path }) =>
    `${method} ${path}`
  );
  const missed = await attack(target, (seen) => {
    const reached = new Set(seen.map((answer) => answer.replace(/ \d+$/, "")));
    return [
      ...wanted.filter((one) => !reached.has(one)),
      ...["200", "405"].filter((status) => !seen.some((answer) => answer.endsWith(` ${status}`))),
    ];
  });
  assertEquals(missed, []);
});

Deno.test("G12 requests with good, limited, broken and no tokens get what is for them, and nothing else", async () => {
  await using target = await startFuzzTarget({ tokens: true });
  const missed = await attack(
    target,
    (seen) => ["200", "401", "403"].filter((status) => !seen.some((answer) => answer.endsWith(` ${status}`))),
  );
  assertEquals(missed, []);
});
