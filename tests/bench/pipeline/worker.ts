/**
 * The project's workers as processes of the bench, with the permissions and defaults of their tasks.
 *
 * @module
 */
import type { WorkerName } from "lib/run/permissions.ts";
import { until } from "lib/testing/until.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";
import { workerArgs } from "../../../workers/worker_command.ts";

/** A worker that is ready for work. Disposing ends it. */
export interface BenchWorker extends AsyncDisposable {
  readonly name: WorkerName;
  readonly pid: number;
}

/** Starts a worker and waits until it says that it is ready. @throws {Error} with what it logged, if it does not. */
export async function startWorker(name: WorkerName, settings: Record<string, string>): Promise<BenchWorker> {
  const port = freePort();
  const env = { LOG_LEVEL: "warn", LEASE_ACQUIRE_INTERVAL_MS: "250", ...settings, HEALTH_PORT: String(port) };
  const logFile = await Deno.makeTempFile({ prefix: `bench-${name}-` });
  const process = new Deno.Command("/bin/sh", {
    args: ["-c", 'log=$1; shift; exec "$@" >"$log" 2>&1', "sh", logFile, Deno.execPath()]
      .concat(await workerArgs(name, env)),
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  }).spawn();
  const stop = async () => {
    try {
      process.kill("SIGTERM");
    } catch { /* it has ended by itself */ }
    const timer = setTimeout(() => process.kill("SIGKILL"), 10_000);
    await process.status;
    clearTimeout(timer);
    await Deno.remove(logFile);
  };
  try {
    await until(`${name} ready`, () => isReady(port), 60_000);
  } catch (error) {
    const log = await Deno.readTextFile(logFile);
    await stop();
    throw new Error(`Cannot start ${name}: ${log}`, { cause: error });
  }
  return { name, pid: process.pid, [Symbol.asyncDispose]: stop };
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/ready`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
