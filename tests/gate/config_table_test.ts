import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "@zod/zod";
import { bool, int } from "lib/run/config.ts";
import { settingsFaults, settingsRows, settingsTable, withSettings, workerConfigs } from "./config_table.ts";

const shared = { LOG_LEVEL: z.enum(["info", "warn"]).default("info").describe("Least level.") };
const configs = {
  "log-consumer": z.object({
    ZEBRA: bool().default(false).describe("Striped | or not."),
    ...shared,
    PORT: int(1, 9).default(8).describe("Port of logs."),
  }),
  "sse-service": z.object({
    ...shared,
    PORT: int(1, 9).optional().describe("Port of the page."),
    NAME: z.string().describe("Name."),
    BASE: z.string().default("").describe("Base."),
  }),
};

function readme(table: string): string {
  return `# P\n\n<!-- settings -->\n\n${table}\n\n<!-- /settings -->\n\n| other | table |\n|---|---|\n`;
}

Deno.test("settingsRows() puts what all workers read first, then goes by name, one row for each meaning", () => {
  assertEquals(settingsRows(configs), [
    ["`LOG_LEVEL`", "`info`", 'one of "info", "warn"', "all", "Least level."],
    ["`BASE`", "empty", "text", "sse-service", "Base."],
    ["`NAME`", "required", "text", "sse-service", "Name."],
    ["`PORT`", "`8`", "whole number from 1 to 9", "log-consumer", "Port of logs."],
    ["`PORT`", "not set", "whole number from 1 to 9", "sse-service", "Port of the page."],
    ["`ZEBRA`", "`false`", "true or false", "log-consumer", "Striped | or not."],
  ]);
});

Deno.test("settingsFaults() finds nothing wrong with its own table, however wide its columns are drawn", () => {
  assertEquals(settingsFaults(readme(settingsTable(configs)), configs), []);
  const wide = settingsTable(configs).replaceAll(" | ", "     |   ");
  assertEquals(settingsFaults(readme(wide), configs), []);
});

Deno.test("settingsFaults() names what is missing, what is wrong and what is out of order", () => {
  const table = settingsTable(configs);
  assertEquals(settingsFaults(readme(table.replace("`8`", "`9`")), configs).length, 2);
  const rows = table.split("\n");
  assertEquals(settingsFaults(readme(rows.toSpliced(2, 1).join("\n")), configs), [
    `the README's settings lack: ${settingsRows(configs)[0]?.join(" | ")}`,
  ]);
  assertEquals(settingsFaults(readme([...rows, rows.at(-1)].join("\n")), configs).length, 1);
  assertEquals(settingsFaults("# P\n", configs).length, 1);
});

Deno.test("settingsFaults() wants a description of every setting", () => {
  const silent = { w: z.object({ A: z.string() }) };
  assertEquals(settingsFaults(readme(settingsTable(silent)), silent), ["`A` has no description"]);
});

Deno.test("withSettings() replaces the table between its marks and nothing else", () => {
  const written = withSettings(readme("old $& text"), configs);
  assertEquals(written, readme(settingsTable(configs)));
  assertThrows(() => withSettings("# P\n", configs), RangeError, "Cannot write the settings");
});

Deno.test("workerConfigs() reads the settings of every worker that has some", async () => {
  const found = await workerConfigs();
  assert("log-consumer" in found, Object.keys(found).join(" "));
  assert(Object.values(found).every((config) => "LOG_LEVEL" in config.shape));
});
