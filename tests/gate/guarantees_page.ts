/**
 * GUARANTEES.md against the code: it says why each guarantee holds, so what it names must be there.
 *
 * @module
 */
import { declares } from "./follow_one_event.ts";
import { GUARANTEES } from "./guarantee_table.ts";
import type { ProjectFiles } from "./project.ts";

/** `path/to/file.ts`, and the `symbol()` behind it, if there is one. */
const PLACE = /`([\w.-]+(?:\/[\w.-]+)+\.\w+)`(?: `([^`]+)`)?/g;
/** "G1 a test's name" (`its file`). */
const TEST = /"((?:G\d+ )+[^"]+)" \(`([^`]+)`\)/g;

/** One sentence for each guarantee without a section or a test of its own, and for each name that leads nowhere. */
export function pageFaults(page: string, files: ProjectFiles): string[] {
  const sections = new Map(
    page.split(/^## /m).slice(1).map((text) => [/^G\d+/.exec(text)?.[0] ?? text.split("\n")[0] ?? "", text]),
  );
  const strangers = [...sections.keys()].filter((id) => !GUARANTEES.includes(id));
  return [
    ...strangers.map((id) => `"${id}" is no guarantee we know`),
    ...GUARANTEES.flatMap((id) => sectionFaults(id, sections.get(id), files)),
    ...placeFaults(oneLine(page), files),
  ];
}

function sectionFaults(id: string, section: string | undefined, files: ProjectFiles): string[] {
  if (section === undefined) return [`there is no section ${id}`];
  const tests = [...oneLine(section).matchAll(TEST)].map(([, name = "", path = ""]) => ({ name, path }));
  const missing = tests.filter(({ name, path }) => !oneLine(files.read(path) ?? "").includes(name))
    .map(({ name, path }) => `${id}: ${path} has no test "${name}"`);
  const hasOwn = tests.some(({ name }) => name.split(" ").includes(id));
  return hasOwn ? missing : [...missing, `${id} names no test of its own`];
}

function placeFaults(page: string, files: ProjectFiles): string[] {
  return [...page.matchAll(PLACE)].flatMap(([, path = "", symbol]) => {
    const source = files.read(path);
    if (source === undefined) return [`there is no file ${path}`];
    return symbol === undefined || declares(source, symbol) ? [] : [`${path} declares no ${symbol}`];
  });
}

/** Lines may break anywhere. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
