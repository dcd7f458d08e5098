import fc from "fast-check";
import { JOB_TYPES } from "lib/event/status.ts";
import type { Ending } from "lib/testing/workflow_model.ts";
import { accept, benchOfFile, forgetAll } from "./bench.ts";
import type { Happening } from "./happening.ts";
import { JOB, World } from "./world.ts";

const bench = benchOfFile();

const anyHappening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom(
    "order" as const,
    "order" as const,
    "tell" as const,
    "tell" as const,
    "tell" as const,
    "prove" as const,
    "cleanUp" as const,
    "relay" as const,
    "sweep" as const,
    "pfconFails" as const,
    "cancel" as const,
    "retry" as const,
  ),
  step: fc.constantFrom(...JOB_TYPES),
  state: fc.nat({ max: 2 }),
  crashAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
});

const mostlyWell = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Ending>("finishedSuccessfully") },
  { weight: 2, arbitrary: fc.constantFrom<Ending>("finishedWithError", "undefined", "skipped", "not-run") },
);
const anyPlan = fc.record({ copy: mostlyWell, plugin: mostlyWell, upload: mostlyWell, delete: mostlyWell })
  // This pfcon always needs the plugin itself.
  .filter(({ plugin }) => plugin !== "skipped");

Deno.test("G5 G6 G7 the real transactions come to the model's end whatever happens in whatever order, dying at any point of it", async () => {
  const seed = Number(Deno.env.get("TEST_SEED") ?? crypto.getRandomValues(new Int32Array(1))[0]);
  const numRuns = Number(Deno.env.get("TEST_RUNS") ?? 12);
  const lives = fc.asyncProperty(
    anyPlan,
    // Between two rounds the job comes to its end, and somebody asks for another attempt.
    fc.array(fc.array(anyHappening, { minLength: 5, maxLength: 40 }), { minLength: 1, maxLength: 2 }),
    async (plan, rounds) => {
      await forgetAll(bench);
      const world = new World(bench, plan);
      await accept(bench.sql, JOB);
      for (const [index, happenings] of rounds.entries()) {
        if (index > 0) await world.happen({ kind: "retry", step: "copy", state: 0, crashAt: 0 });
        for (const happening of happenings) await world.happen(happening);
        await world.settle();
      }
      await world.check();
    },
  );
  await fc.assert(lives, { seed, numRuns, endOnFailure: true });
});
