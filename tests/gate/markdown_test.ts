import { assertEquals } from "@std/assert";
import { numberedItems, section, tableRows } from "./markdown.ts";

const README = `# Project

## Start

\`\`\`sh
# Not a heading
1. not an item
| not | a row |
\`\`\`

### Deeper

inside

## Next

1. first
   goes on
2. second

   a paragraph of its own

10. tenth
`;

Deno.test("section() ends at the next heading of its level, not at deeper ones or comments in code", () => {
  const start = section(README, "start") ?? "";
  assertEquals(start.includes("inside"), true);
  assertEquals(start.includes("first"), false);
  assertEquals(section(README, "Deeper")?.trim(), "inside");
});

Deno.test("section() is null without such a heading", () => {
  assertEquals(section(README, "Not a heading"), null);
  assertEquals(section(README, "Star"), null);
});

Deno.test("numberedItems() joins the lines of an item's first paragraph and leaves code out", () => {
  assertEquals(numberedItems(README), ["first goes on", "second", "tenth"]);
});

Deno.test("tableRows() splits cells, keeps escaped bars, and leaves lines and code out", () => {
  const table = "| a | b |\n| :-- | --- |\n| `x \\| y` |  |\n|tight|cells|\n\ntext | no row\n";
  assertEquals(tableRows(table), [["a", "b"], ["`x | y`", ""], ["tight", "cells"]]);
  assertEquals(tableRows(README), []);
});
