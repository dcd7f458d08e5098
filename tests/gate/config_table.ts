/**
 * The README's table of settings, made from the workers' own `Config`s.
 *
 * `deno run -A tests/gate/config_table.ts` prints it; with `--write` it puts it into the README.
 *
 * @module
 */
import type { z } from "@zod/zod";
import { tableRows } from "./markdown.ts";
import { projectFiles } from "./project.ts";

/** The table stands between these two lines. */
const BEGIN = "<!-- settings -->";
const END = "<!-- /settings -->";

const HEAD = ["Variable", "Default", "Allowed", "Read by", "Meaning"];

/** The settings of each worker, by its name as people type it (`log-consumer`). */
export type Configs = Readonly<Record<string, z.ZodObject>>;

/** The `Config` of every `workers/{name}/config.ts`, in the order of the names. */
export async function workerConfigs(): Promise<Configs> {
  const files = await projectFiles();
  const paths = files.list().filter((path) => /^workers\/\w+\/config\.ts$/.test(path));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => {
      const { Config } = await import(files.url(path).href) as { Config: z.ZodObject };
      return [(path.split("/")[1] ?? "").replaceAll("_", "-"), Config] as const;
    })),
  );
}

/**
 * The rows of the table, without its head: settings of all workers first, then the rest by name. A setting that
 * differs between workers has a row for each of its meanings.
 */
export function settingsRows(configs: Configs): string[][] {
  const readers = new Map<string, { cells: string[]; workers: string[] }>();
  for (const [worker, config] of Object.entries(configs)) {
    for (const [name, field] of Object.entries(config.shape)) {
      const cells = settingCells(name, field as z.ZodType);
      const key = JSON.stringify(cells);
      readers.set(key, { cells, workers: [...readers.get(key)?.workers ?? [], worker] });
    }
  }
  const all = Object.keys(configs).length;
  return [...readers.values()]
    .sort((a, b) =>
      Number(b.workers.length === all) - Number(a.workers.length === all) ||
      (a.cells[0] ?? "").localeCompare(b.cells[0] ?? "", "en")
    )
    .map(({ cells: [name = "", fallback = "", allowed = "", meaning = ""], workers }) => [
      name,
      fallback,
      allowed,
      workers.length === all ? "all" : workers.join(", "),
      meaning,
    ]);
}

/** The table as Markdown. */
export function settingsTable(configs: Configs): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(HEAD), line(HEAD.map(() => "---")), ...settingsRows(configs).map(line)].join("\n");
}

/** One sentence for each difference between the README's table and the settings, and each setting without words. */
export function settingsFaults(readme: string, configs: Configs): string[] {
  const silent = settingsRows(configs).filter((cells) => cells[4] === "").map(([name]) =>
    `${name} has no description`
  );
  const shown = between(readme);
  if (shown === null) return [...silent, `the README has no table of settings between ${BEGIN} and ${END}`];
  const written = tableRows(shown).slice(1).map((cells) => cells.join(" | "));
  const expected = settingsRows(configs).map((cells) => cells.join(" | "));
  const faults = [
    ...expected.filter((row) => !written.includes(row)).map((row) => `the README's settings lack: ${row}`),
    ...written.filter((row) => !expected.includes(row)).map((row) =>
      `the README's settings are wrong in: ${row}`
    ),
  ];
  if (faults.length === 0 && written.join("\n") !== expected.join("\n")) {
    faults.push("the README's settings are in another order, or repeat themselves");
  }
  return [...silent, ...faults];
}

/** The README with the table between its marks replaced. @throws {RangeError} if it has no such marks. */
export function withSettings(readme: string, configs: Configs): string {
  const old = between(readme);
  if (old === null) throw new RangeError(`Cannot write the settings: expected the lines ${BEGIN} and ${END}`);
  return readme.replace(`${BEGIN}${old}${END}`, () => `${BEGIN}\n\n${settingsTable(configs)}\n\n${END}`);
}

function between(readme: string): string | null {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  return begin < 0 || end < begin ? null : readme.slice(begin + BEGIN.length, end);
}

function settingCells(name: string, field: z.ZodType): string[] {
  return [
    `\`${name}\``,
    defaultOf(field),
    allowedOf(field),
    (field.description ?? "").replace(/\s+/g, " ").trim(),
  ];
}

function defaultOf(field: z.ZodType): string {
  const parsed = field.safeParse(undefined);
  if (!parsed.success) return "required";
  if (parsed.data === undefined) return "not set";
  return parsed.data === "" ? "empty" : `\`${parsed.data}\``;
}

/** What a setting says to a value that no setting but free text can have. */
function allowedOf(field: z.ZodType): string {
  const refused = field.safeParse("\u{7}");
  if (refused.success) return "text";
  return (refused.error.issues[0]?.message ?? "").replace(/^.*?expected (?:an? )?/, "").replace(
    /"\|"/g,
    '", "',
  );
}

if (import.meta.main) {
  const configs = await workerConfigs();
  if (Deno.args.includes("--write")) {
    const path = new URL("../../README.md", import.meta.url);
    await Deno.writeTextFile(path, withSettings(await Deno.readTextFile(path), configs));
  } else console.log(settingsTable(configs));
}
