import { assertEquals } from "@std/assert";
import { guaranteeFaults } from "./guarantee_table.ts";
import { givenFiles } from "./project.ts";

const ids = Array.from({ length: 16 }, (_, at) => `G${at + 1}`);
const files = givenFiles({
  "tests/all_test.ts": ids.map((id) => `Deno.test("${id} holds", () => {});`).join("\n"),
  "tests/other_test.ts":
    `test({ name: "G1: x" });\nDeno.test(\n  \`G2 for \${n}\`,\n);\nlog("see G3 "); // "G4 "`,
});

function readme(change: Record<string, string> = {}): string {
  const row = (id: string) => change[id] ?? `| **${id}** | a promise | [all](tests/all_test.ts) |`;
  return `| id | promise | tests |\n|---|---|---|\n${ids.map(row).filter(Boolean).join("\n")}\n`;
}

Deno.test("guaranteeFaults() finds nothing wrong with sixteen rows whose tests carry their ids", () => {
  assertEquals(guaranteeFaults(readme(), files), []);
});

Deno.test("guaranteeFaults() misses a row, and does not know more than sixteen", () => {
  assertEquals(guaranteeFaults(readme({ G7: "" }), files), [
    "the README's table of guarantees has no row G7",
  ]);
  assertEquals(guaranteeFaults(readme({ G7: "" }) + "| G17 | x | y |\n", files).length, 2);
});

Deno.test("guaranteeFaults() wants a test in each row, and each test to exist", () => {
  assertEquals(guaranteeFaults(readme({ G1: "| G1 | promise | soon |" }), files), ["G1 names no test file"]);
  assertEquals(guaranteeFaults(readme({ G1: "| G1 | promise | `tests/no_test.ts` |" }), files), [
    "G1 names tests/no_test.ts, which does not exist",
  ]);
});

Deno.test("guaranteeFaults() wants each named test file to have a test that starts with the id", () => {
  const both = (id: string) => ({
    [id]: `| ${id} | promise | \`tests/all_test.ts\`, \`tests/other_test.ts\` |`,
  });
  assertEquals(guaranteeFaults(readme(both("G1")), files), []);
  assertEquals(guaranteeFaults(readme(both("G2")), files), []);
  for (const id of ["G3", "G4", "G16"]) {
    assertEquals(guaranteeFaults(readme(both(id)), files), [
      `${id} names tests/other_test.ts, which has no test whose name starts with "${id} "`,
    ]);
  }
});
