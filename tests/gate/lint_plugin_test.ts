import { assertEquals } from "@std/assert";
import plugin from "./lint_plugin.ts";

/** Which rules object to `source` in `file`, each as often as it does. */
function findings(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map(({ id }) => id.replace("project/", ""));
}

Deno.test("layers: lib/ imports nothing from above it, in any form of import", () => {
  const bad = [
    `import { x } from "../../workers/start.ts";`,
    `import type { x } from "../../deploy/dev/demo.ts";`,
    `export * from "../../workers/start.ts";`,
    `export { x } from "../../tests/gate/project.ts";`,
    `const { x } = await import("../../workers/start.ts");`,
  ];
  for (const source of bad) assertEquals(findings("lib/store/open.ts", source), ["layers"], source);
  assertEquals(
    findings("lib/store/open.ts", `import { x } from "../run/config.ts"; import pg from "postgres";`),
    [],
  );
  assertEquals(findings("workers/start.ts", `import { x } from "../deploy/dev/demo.ts";`), []);
});

Deno.test("layers: lib/job and lib/event import only each other, zod and node:crypto", () => {
  const good = [
    `import { z } from "@zod/zod";`,
    `import { createHash } from "node:crypto";`,
    `import { JobType } from "../event/status.ts";`,
    `import { JobType } from "lib/event/status.ts";`,
    `import { verdict } from "./verdict.ts";`,
    `export const a = 1;`,
  ];
  for (const source of good) assertEquals(findings("lib/job/life.ts", source), [], source);
  const bad = [
    "../run/sleep.ts",
    "lib/run/sleep.ts",
    "node:fs",
    "ioredis",
    "fast-check",
    "../stream/keys.ts",
  ];
  for (const specifier of bad) {
    assertEquals(findings("lib/event/log.ts", `import { x } from "${specifier}";`), ["layers"], specifier);
  }
  assertEquals(findings("lib/stream/keys.ts", `import { x } from "../run/sleep.ts";`), []);
});

Deno.test("layers: tests beside pure code may import what tests need, and no more", () => {
  assertEquals(findings("lib/job/life_test.ts", `import fc from "fast-check"; import "@std/assert";`), []);
  assertEquals(findings("lib/job/life_test.ts", `import { sleep } from "../run/sleep.ts";`), ["layers"]);
});

Deno.test("layers: tests in lib/ may start servers with deploy/dev, but know no worker", () => {
  const server = `import { startRedis } from "../../deploy/dev/services/redis.ts";`;
  assertEquals(findings("lib/testing/servers.ts", server), []);
  assertEquals(findings("lib/store/open_test.ts", server), []);
  assertEquals(findings("lib/testing/servers.ts", `import { x } from "../../workers/start.ts";`), ["layers"]);
});

Deno.test("layers: goes by the place in the project, whether the name is relative, absolute or an address", () => {
  const file = new URL("../../lib/job/life.ts", import.meta.url);
  const source = `import { sleep } from "../run/sleep.ts";`;
  for (const name of [file.pathname, file.href]) assertEquals(findings(name, source), ["layers"], name);
});

Deno.test("process-at-the-edge: environment and exit stay out of everything that is imported", () => {
  const bad = [
    `const port = Deno.env.get("PORT");`,
    `Deno.exit(1);`,
    `Deno["exit"](1);`,
    `const { env } = Deno;`,
    `process.exit(1);`,
    `const home = process.env.HOME;`,
  ];
  for (const source of bad) {
    assertEquals(findings("lib/run/config.ts", source), ["process-at-the-edge"], source);
    assertEquals(findings("workers/log_consumer/batcher.ts", source), ["process-at-the-edge"], source);
  }
});

Deno.test("process-at-the-edge: programs, their frame and tests may do both", () => {
  const source = `Deno.exit(Deno.env.get("X") ? 0 : 1);`;
  const allowed = [
    "workers/log_consumer/main.ts",
    "workers/start.ts",
    "deploy/dev/demo.ts",
    "lib/run/run_main.ts",
    "lib/testing/temp_redis.ts",
    "lib/run/config_test.ts",
    "tests/e2e/whole_life_test.ts",
  ];
  for (const file of allowed) assertEquals(findings(file, source), [], file);
  assertEquals(findings("workers/log_consumer/domain.ts", source).length, 2);
});

Deno.test("process-at-the-edge: leaves the rest of Deno, and things that only sound alike, alone", () => {
  const source = `Deno.serve(() => new Response()); job.exit(1); config.env.get("X"); const { pid } = Deno;`;
  assertEquals(findings("lib/run/health.ts", source), []);
});

Deno.test("time-and-chance-come-in: no clock and no dice in the middle of code", () => {
  const bad = [
    `export const f = () => Date.now();`,
    `export const f = () => new Date();`,
    `export const f = () => Math.random();`,
    `const clock = Date.now; export const f = () => clock();`,
    `export const f = (at) => at ?? Date.now();`,
    `class Lease { #now = Date.now; }`,
  ];
  for (const source of bad) {
    assertEquals(findings("lib/stream/lease.ts", source), ["time-and-chance-come-in"], source);
  }
});

Deno.test("time-and-chance-come-in: defaults are where they come in", () => {
  const good = [
    `export function f(now = Date.now, random: () => number = Math.random) { return now() * random(); }`,
    `export function f(options) { const { random = Math.random } = options; return random(); }`,
    `export function f(options) { const now = options.now ?? Date.now; return now(); }`,
    `export const f = (at: string) => new Date(at);`,
    `export const f = (ms: number) => new Date(ms).toISOString();`,
    `export const f = () => Date.parse("2026-01-15") + Math.max(1, 2);`,
  ];
  for (const source of good) assertEquals(findings("lib/stream/lease.ts", source), [], source);
});

Deno.test("time-and-chance-come-in: programs, tests and the clock itself have the real ones", () => {
  for (
    const file of ["workers/task_worker/main.ts", "deploy/dev/demo.ts", "tests/bench.ts"]
  ) {
    assertEquals(findings(file, `export const now = Date.now() + Math.random();`), [], file);
  }
});
