import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { z } from "@zod/zod";
import { int } from "lib/run/config.ts";
import { WORKER_NAMES } from "lib/run/permissions.ts";
import { workerConfig } from "./worker_command.ts";
import { workerHelp, workersHelp } from "./worker_help.ts";

const Config = z.object({
  SIZE: int(1, 9).default(3).describe("How large."),
  NAME: z.string().describe("What it is called."),
  EXTRA: z.string().optional().describe("May be left out."),
});

Deno.test("workerHelp() tells of each setting what it means and what holds without it", () => {
  const help = workerHelp("log_consumer", Config);
  assertStringIncludes(help, "SIZE (default 3)\n      How large.");
  assertStringIncludes(help, "NAME (required)\n      What it is called.");
  assertStringIncludes(help, "EXTRA (not set)\n      May be left out.");
});

Deno.test("workersHelp() has a line for every worker", () => {
  for (const worker of WORKER_NAMES) assertStringIncludes(workersHelp(), `  ${worker}`);
});

for (const worker of WORKER_NAMES) {
  Deno.test(`every setting of ${worker} says what it means`, async () => {
    const { shape } = await workerConfig(worker);
    const silent = Object.entries(shape).filter(([, field]) => !(field as z.ZodType).description);
    assertEquals(silent.map(([name]) => name), []);
    assertMatch(workerHelp(worker, z.object(shape)), /REDIS_URL/);
  });
}
