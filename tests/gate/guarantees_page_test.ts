import { assertEquals } from "@std/assert";
import { GUARANTEES } from "./guarantee_table.ts";
import { pageFaults } from "./guarantees_page.ts";
import { givenFiles, projectFiles } from "./project.ts";

const files = givenFiles({
  "lib/all.ts": "export class All {\n  run(signal: AbortSignal): void {}\n}\n",
  "tests/all_test.ts": GUARANTEES.map((id) => `Deno.test("${id} it holds, always", () => {});`).join("\n"),
});

function page(change: Record<string, string> = {}): string {
  const section = (id: string) =>
    change[id] ??
      `## ${id} A promise\n\n\`lib/all.ts\` \`All.run()\`:\n"${id} it\nholds, always" (\`tests/all_test.ts\`).`;
  return `# Why\n\nSee \`lib/all.ts\`.\n\n${GUARANTEES.map(section).join("\n\n")}\n`;
}

Deno.test("pageFaults() finds nothing wrong with a page whose names lead somewhere", () => {
  assertEquals(pageFaults(page(), files), []);
});

Deno.test("pageFaults() misses a section and a test of its own, and knows no other guarantees", () => {
  assertEquals(pageFaults(page({ G3: "" }), files), ["there is no section G3"]);
  assertEquals(pageFaults(page({ G3: '## G3 x\n\n"G4 it holds, always" (`tests/all_test.ts`)' }), files), [
    "G3 names no test of its own",
  ]);
  assertEquals(pageFaults(page() + "\n## G17 more\n", files), ['"G17" is no guarantee we know']);
});

Deno.test("pageFaults() names files, symbols and tests that are not there", () => {
  const wrong = '## G3 x\n\n`lib/none.ts`, `lib/all.ts`\n`All.stop()`, "G3 is gone" (`tests/all_test.ts`)';
  assertEquals(pageFaults(page({ G3: wrong }), files), [
    'G3: tests/all_test.ts has no test "G3 is gone"',
    "there is no file lib/none.ts",
    "lib/all.ts declares no All.stop()",
  ]);
});

Deno.test("what GUARANTEES.md names is there", async () => {
  const project = await projectFiles();
  assertEquals(pageFaults(project.read("GUARANTEES.md") ?? "", project), []);
});
