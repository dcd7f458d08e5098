import { assertEquals } from "@std/assert";
import { mentionedTasks, taskFaults } from "./task_mentions.ts";

const json = `{ "tasks": { "demo": "deno run x", "test:unit": "deno test", "log-consumer": "deno run y" } }`;

Deno.test("mentionedTasks() finds names in prose and in commands, each once", () => {
  const text =
    "Run `deno task demo`. Then: npx -y deno@2.9.6 task test:unit, or deno task log-consumer --help.\n" +
    "`deno task <worker>` starts one; deno task demo: the demo.";
  assertEquals(mentionedTasks(text), ["demo", "test:unit", "log-consumer"]);
});

Deno.test("taskFaults() names document and task that deno.json does not have", () => {
  assertEquals(
    taskFaults({ "README.md": "deno task demo", "CONTRIBUTING.md": "deno task test:unit" }, json),
    [],
  );
  assertEquals(taskFaults({ "README.md": "deno task demo", "CONTRIBUTING.md": "deno task tests" }, json), [
    "CONTRIBUTING.md mentions `deno task tests`, which deno.json does not have",
  ]);
  assertEquals(taskFaults({ "README.md": "deno task demo" }, "{}").length, 1);
});
