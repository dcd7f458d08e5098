/**
 * The project's files as the checks of the gate see them.
 *
 * @module
 */

/** A tree of text files. Paths are relative to its root, with slashes. */
export interface ProjectFiles {
  /** All paths, sorted. */
  list(): readonly string[];
  /** The text of a file; undefined if there is none, or if it is no text. */
  read(path: string): string | undefined;
}

/** Where the project is. */
const ROOT = new URL("../../", import.meta.url);

/** The project's own files, without what `.gitignore` leaves out. Read once, when asked for. */
export async function projectFiles(root: URL = ROOT): Promise<ProjectFiles & { url(path: string): URL }> {
  const ignored = ignoredNames(await Deno.readTextFile(new URL(".gitignore", root)).catch(() => ""));
  const paths: string[] = [];
  await walk(root, "", ignored, paths);
  paths.sort();
  return {
    list: () => paths,
    url: (path) => new URL(path, root),
    read: (path) => paths.includes(path) ? textOf(Deno.readFileSync(new URL(path, root))) : undefined,
  };
}

/** A tree made of texts by path, to try a check on. */
export function givenFiles(texts: Readonly<Record<string, string>>): ProjectFiles {
  return { list: () => Object.keys(texts).sort(), read: (path) => texts[path] };
}

/** The lines of a `.gitignore` that stand for a name (`node_modules/`) or an ending (`*.log`). */
function ignoredNames(gitignore: string): (name: string) => boolean {
  const lines = [".git", ...gitignore.split("\n").map((line) => line.trim().replace(/^\/|\/$/g, ""))];
  const names = new Set(lines.filter((line) => line && !line.startsWith("#") && !line.startsWith("*")));
  const endings = lines.filter((line) => line.startsWith("*.")).map((line) => line.slice(1));
  return (name) => names.has(name) || endings.some((ending) => name.endsWith(ending));
}

async function walk(
  root: URL,
  folder: string,
  ignored: (name: string) => boolean,
  found: string[],
): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(new URL(folder || ".", root))) {
    if (ignored(name)) continue;
    if (isDirectory) await walk(root, `${folder}${name}/`, ignored, found);
    if (isFile) found.push(`${folder}${name}`);
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes);
}
