/**
 * Installing what is missing with the system's own package manager.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import { findBinary } from "./find_binary.ts";

/** Names of the same thing in different package managers. */
export interface Packages {
  readonly apt: readonly string[];
  readonly brew: readonly string[];
}

/** The package manager failed. The message ends with what it wrote last. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}

/**
 * Installs packages where that works without asking anybody: with apt-get as root or through sudo without a
 * prompt, or with brew. `say` is told first. Whether there was a way.
 *
 * @throws {InstallError} if the package manager failed.
 */
export function installPackages(packages: Packages, say: (text: string) => void): Promise<boolean> {
  const installed = lastInstall.then(() => install(packages, say));
  lastInstall = installed.catch(() => {});
  return installed;
}

/** Package managers allow one at a time, so installs wait for each other. */
let lastInstall: Promise<unknown> = Promise.resolve();

/** How often, and with which pause (ms), a package manager that somebody else keeps locked is asked again. */
const LOCKED = { tries: 60, pauseMs: 2_000 };

async function install(packages: Packages, say: (text: string) => void): Promise<boolean> {
  const apt = await aptCommand();
  if (apt) {
    say(`installing ${packages.apt.join(", ")} with ${apt.join(" ")}`);
    await run([...apt, "update", "-q"]);
    await run([...apt, "install", "-y", "-q", "--no-install-recommends", ...packages.apt]);
    return true;
  }
  if (await findBinary("brew") && Deno.uid() !== 0) {
    say(`installing ${packages.brew.join(", ")} with brew`);
    await run(["brew", "install", ...packages.brew]);
    return true;
  }
  return false;
}

async function aptCommand(): Promise<string[] | null> {
  if (!await findBinary("apt-get")) return null;
  if (Deno.uid() === 0) return ["apt-get"];
  if (!await findBinary("sudo")) return null;
  const { success } = await new Deno.Command("sudo", { args: ["-n", "true"], stdout: "null", stderr: "null" })
    .output();
  return success ? ["sudo", "-n", "apt-get"] : null;
}

async function run(command: readonly string[], tries = LOCKED.tries): Promise<void> {
  const [program = "", ...args] = command;
  const { success, code, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).output();
  if (success) return;
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (/could not get lock/i.test(output) && tries > 1) {
    await sleep(LOCKED.pauseMs);
    return await run(command, tries - 1);
  }
  const tail = output.trimEnd().split("\n").slice(-10).map((line) => `  | ${line}`).join("\n");
  throw new InstallError(`Cannot install: "${command.join(" ")}" ended with ${code}\n${tail}`);
}
