/**
 * Runs a program of this folder in a process of its own.
 *
 * @module
 */

/** What it prints. @throws {Error} with what it said, if it ends otherwise than well. */
export async function runProgram(file: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", new URL(file, import.meta.url).pathname, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot run ${file}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
