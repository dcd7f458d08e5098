import { assert, assertEquals } from "@std/assert";
import { operationsOf } from "../fuzz/document.ts";
import { fuzz } from "../fuzz/fuzz.ts";
import { startFuzzTarget } from "../fuzz/target.ts";

/** `deno task fuzz` goes on for longer. */
const DURATION_MS = 12_000;

Deno.test("G12 requests made up from the OpenAPI document get no 5xx, no hang, and no answer outside its schema", async () => {
  await using target = await startFuzzTarget();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const report = await fuzz({ ...target, seed, durationMs: DURATION_MS });
  assertEquals(report.failure, null, `seed ${seed}`);
  const document = await (await fetch(`${target.origin}/openapi.json`)).json();
  const reached = new Set([...report.answers.keys()].map((key) => key.replace(/ \d+$/, "")));
  const missed = operationsOf(document).map(({ method, path }) => `${method} ${path}`).filter((one) =>
    !reached.has(one)
  );
  assertEquals(missed, []);
  assert([...report.answers.keys()].some((key) => key.endsWith(" 200")), "some requests are well-behaved");
});
