/**
 * The first of `folders`, then of those on PATH, that holds an executable file `name`; its whole path, or
 * null if there is none. `beside` names files that must be in the same folder.
 */
export async function findBinary(
  name: string,
  options: { folders?: readonly string[]; beside?: readonly string[] } = {},
): Promise<string | null> {
  const onPath = (Deno.env.get("PATH") ?? "").split(":").filter(Boolean);
  for (const folder of [...options.folders ?? [], ...onPath, "/usr/sbin", "/sbin", "/usr/local/bin"]) {
    const needed = [name, ...options.beside ?? []].map((file) => `${folder}/${file}`);
    if ((await Promise.all(needed.map(isExecutable))).every(Boolean)) return `${folder}/${name}`;
  }
  return null;
}

/** Debian's folders for each installed version of Postgres, newest first. */
export async function postgresFolders(root = "/usr/lib/postgresql"): Promise<string[]> {
  const versions: string[] = [];
  try {
    for await (const entry of Deno.readDir(root)) if (entry.isDirectory) versions.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => `${root}/${version}/bin`);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    const info = await Deno.stat(path);
    return info.isFile && ((info.mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}
