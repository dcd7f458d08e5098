/** A process cannot be started. `exitCode` is what the Engine then reports: 127 not found, 126 not executable. */
export class CannotStartError extends Error {
  override readonly name = "CannotStartError";

  constructor(readonly exitCode: 126 | 127, program: string, reason: string, options?: { cause: unknown }) {
    super(
      "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container " +
        `process: exec: "${program}": ${reason}: unknown`,
      options,
    );
  }
}

/**
 * The file that running `program` means: itself if it has a slash (relative to `cwd`), else the first of that
 * name on `path`, a list of folders with colons between.
 *
 * @throws {CannotStartError} if there is no such file, or only such as may not be run.
 */
export async function findExecutable(
  program: string,
  { path, cwd }: { path: string; cwd: string },
): Promise<string> {
  if (program.includes("/")) {
    const file = program.startsWith("/") ? program : `${cwd}/${program}`;
    const kind = await kindOf(file);
    if (kind === "missing") {
      throw new CannotStartError(127, program, `stat ${program}: no such file or directory`);
    }
    if (kind === "other") throw new CannotStartError(126, program, "permission denied");
    return file;
  }
  for (const folder of path.split(":").filter((folder) => folder !== "")) {
    const file = `${folder}/${program}`;
    if (await kindOf(file) === "executable") return file;
  }
  throw new CannotStartError(127, program, "executable file not found in $PATH");
}

async function kindOf(file: string): Promise<"executable" | "other" | "missing"> {
  try {
    const { isFile, mode } = await Deno.stat(file);
    return isFile && ((mode ?? 0) & 0o111) !== 0 ? "executable" : "other";
  } catch {
    return "missing";
  }
}
