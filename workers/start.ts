/**
 * Starts one worker with the permissions its settings call for: `deno run … workers/start.ts <worker>`. It
 * stays beside the worker, passes SIGTERM and SIGINT on, and ends with the worker's exit code.
 *
 * @module
 */
import { ConfigError } from "lib/run/config.ts";
import { WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { workerArgs, workerConfig } from "./worker_command.ts";
import { workerHelp, workersHelp } from "./worker_help.ts";

/** Does what the command line says; the exit code. 2: the command line or the settings cannot work. */
async function start(args: readonly string[]): Promise<number> {
  const wantsHelp = args.includes("--help") || args.includes("-h");
  const [name, ...rest] = args.filter((arg) => arg !== "--help" && arg !== "-h");
  const worker = WORKER_NAMES.find((known) => known === name?.replaceAll("-", "_"));
  if (!worker) {
    const text = name ? `Cannot start "${name}": there is no such worker\n\n${workersHelp()}` : workersHelp();
    (wantsHelp && !name ? console.log : console.error)(text);
    return wantsHelp && !name ? 0 : 2;
  }
  if (wantsHelp) {
    console.log(workerHelp(worker, await workerConfig(worker)));
    return 0;
  }
  if (rest.length > 0) {
    console.error(`Cannot start ${worker}: it takes no arguments, but got ${rest.join(" ")}. Try --help`);
    return 2;
  }
  return await run(worker);
}

async function run(worker: WorkerName): Promise<number> {
  let args: string[];
  try {
    args = await workerArgs(worker, Deno.env.toObject());
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
  // In a session of its own, so that the terminal's Ctrl-C reaches the worker once: through us.
  // What traces call it, unless somebody has named it.
  const env = { OTEL_SERVICE_NAME: Deno.env.get("OTEL_SERVICE_NAME") || worker };
  const child = new Deno.Command(await denoCommand(), { args, detached: true, env }).spawn();
  let passedOnAt = -Infinity;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => {
      // The terminal tells us, and so does the task runner that it tells: one Ctrl-C is one signal.
      if (performance.now() - passedOnAt > SAME_WISH_MS) passOn(child, signal);
      passedOnAt = performance.now();
    });
  }
  const status = await child.status;
  return status.signal ? 128 + (SIGNAL_NUMBERS[status.signal] ?? 0) : status.code;
}

/** Signals closer together than this (ms) are one. */
const SAME_WISH_MS = 500;

/** Numbers of the signals that end processes in practice, for the exit code. */
const SIGNAL_NUMBERS: Partial<Record<Deno.Signal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/** This very `deno`, where we may run it; else the one on PATH. */
async function denoCommand(): Promise<string> {
  const command = Deno.execPath();
  const { state } = await Deno.permissions.query({ name: "run", command });
  return state === "granted" ? command : "deno";
}

function passOn(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It ended a moment ago.
    if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
  }
}

if (import.meta.main) Deno.exit(await start(Deno.args));
