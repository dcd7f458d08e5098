import { assert, assertEquals } from "@std/assert";
import { Random } from "../random.ts";
import { anyJob, RECIPES } from "./recipes.ts";

/** What a shell on this machine writes, by stream, and its exit code. */
async function run(script: string) {
  const { code, stdout, stderr } = await new Deno.Command("busybox", { args: ["sh", "-c", script] }).output();
  const lines = (bytes: Uint8Array) => {
    const all = new TextDecoder().decode(bytes).split("\n");
    if (all.at(-1) === "") all.pop();
    return all;
  };
  return { code, stdout: lines(stdout), stderr: lines(stderr) };
}

for (const [name, recipe] of Object.entries(RECIPES)) {
  Deno.test(`a job "${name}" writes and ends as its truth says`, async () => {
    for (const seed of [1, 2]) {
      const { truth, args } = recipe("chaos-test-1z", new Random(seed));
      if (typeof truth.end === "string") continue;
      const quick = (args[0] ?? "").replaceAll(/sleep [\d.]+/g, ":");
      assertEquals(await run(quick), { code: truth.end.exit, stdout: truth.stdout, stderr: truth.stderr });
    }
  });
}

Deno.test("the same seed makes the same jobs, another seed others", () => {
  const jobs = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, (_, index) => anyJob(`job-${index}`, random));
  };
  assertEquals(jobs(7), jobs(7));
  assert(JSON.stringify(jobs(7)) !== JSON.stringify(jobs(8)));
});

Deno.test("no two lines of a job are equal, but for empty ones", () => {
  for (const recipe of Object.values(RECIPES)) {
    const { truth } = recipe("chaos-test-1z", new Random(3));
    const lines = [...truth.stdout, ...truth.stderr].filter((line) => line !== "");
    assertEquals(new Set(lines).size, lines.length);
  }
});
