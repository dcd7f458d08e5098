import { assertEquals } from "@std/assert";
import { docFaults, docOf, isDocumented, projectDocFaults } from "./check_docs.ts";

/** Faults of a module with this source, as line and name. */
async function faultsOf(source: string): Promise<string[]> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, source);
    return docFaults(await docOf([path])).map((fault) => fault.replace(/^.*?(:\d+: )/, "$1"));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("docFaults() names each export without a docstring, by line", async () => {
  assertEquals(
    await faultsOf(
      "export const a = 1;\n// Not a docstring.\nexport function f(): void {}\nexport type T = string;\n",
    ),
    [":1: exported a has no docstring", ":3: exported f has no docstring", ":4: exported T has no docstring"],
  );
});

Deno.test("docFaults() is content with documented exports, and does not ask about what stays inside", async () => {
  const source = [
    "const inner = 1;",
    "/** Says it. */",
    "export const outer: number = inner;",
    "/** One docstring for both. */",
    "export function f(x: string): string;",
    "export function f(x: number): number;",
    "export function f(x: unknown): unknown { return x; }",
    "/** @throws {RangeError} always. */",
    "export function g(): never { throw new RangeError(); }",
    `export { docFaults } from "${new URL("./check_docs.ts", import.meta.url)}";`,
  ];
  assertEquals(await faultsOf(source.join("\n")), []);
});

Deno.test("isDocumented() takes our code and neither tests, programs nor stand-ins", () => {
  assertEquals(
    ["lib/job/life.ts", "workers/start.ts", "deploy/dev/demo.ts", "tests/gate/project.ts"].filter(
      isDocumented,
    ).length,
    4,
  );
  assertEquals(
    ["lib/job/life_test.ts", "lib/jsr/zod/mod.ts", "workers/x/main.ts", "web/app.js", "x.ts"].filter(
      isDocumented,
    ),
    [],
  );
});

Deno.test("every exported symbol of the project has a docstring", async () => {
  assertEquals(await projectDocFaults(), []);
});
