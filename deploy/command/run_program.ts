/**
 * Starts a program with the permissions that its settings call for, as launchers (`start.ts`) do.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** Signals that people and service managers send; a terminal sends Ctrl-C to the program as well. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Runs a program of this project with these flags of `deno run` until it ends; its exit code. */
export async function runProgram(
  program: URL,
  { flags, args }: { flags: readonly string[]; args: readonly string[] },
): Promise<number> {
  const child = new Deno.Command(await denoCommand(), {
    args: ["run", "--no-prompt", ...flags, fileURLToPath(program), ...args],
  }).spawn();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, () => kill(child, signal));
  return (await child.status).code;
}

/** A program that is gone needs no signal. */
function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** This very `deno`, where we may run it; else the one on PATH. */
async function denoCommand(): Promise<string> {
  const command = Deno.execPath();
  const { state } = await Deno.permissions.query({ name: "run", command });
  return state === "granted" ? command : "deno";
}
