/** The project's documents against the project itself: what they name must be there. */
import { assertEquals } from "@std/assert";
import { settingsFaults, workerConfigs } from "./config_table.ts";
import { walkFaults } from "./follow_one_event.ts";
import { guaranteeFaults } from "./guarantee_table.ts";
import { projectFiles } from "./project.ts";
import { taskFaults } from "./task_mentions.ts";

const files = await projectFiles();
const readme = files.read("README.md") ?? "";

Deno.test("the README's walk leads through twelve places that exist", () => {
  assertEquals(walkFaults(readme, files), []);
});

Deno.test("every task that README and CONTRIBUTING mention exists", () => {
  const documents = { "README.md": readme, "CONTRIBUTING.md": files.read("CONTRIBUTING.md") ?? "" };
  assertEquals(taskFaults(documents, files.read("deno.json") ?? ""), []);
});

Deno.test("every guarantee in the README is attacked by tests that carry its id", () => {
  assertEquals(guaranteeFaults(readme, files), []);
});

Deno.test("the README's settings are the workers' settings", async () => {
  assertEquals(settingsFaults(readme, await workerConfigs()), []);
});
