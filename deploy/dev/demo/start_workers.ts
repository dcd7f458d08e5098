/**
 * The workers of the demo: each a process of its own with the permissions of its own task.
 *
 * @module
 */
import { WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { type Environment, workerArgs } from "../../../workers/worker_command.ts";
import { freePort } from "../services/free_port.ts";
import { RestartableProcess } from "../services/restartable_process.ts";
import { answersWell } from "./answers_well.ts";
import { type DemoAddresses, workerSettings } from "./worker_settings.ts";

/** Every worker, not yet started. `env` is our own environment. @throws {ConfigError} */
export async function demoWorkers(
  demo: DemoAddresses,
  dir: string,
  env: Environment,
): Promise<RestartableProcess[]> {
  return await Promise.all(WORKER_NAMES.map((worker) => demoWorker(worker, demo, dir, env)));
}

async function demoWorker(worker: WorkerName, demo: DemoAddresses, dir: string, env: Environment) {
  const healthPort = freePort();
  const settings = { ...workerSettings(worker, demo), HEALTH_PORT: String(healthPort) };
  return new RestartableProcess({
    name: worker,
    command: Deno.execPath(),
    args: await workerArgs(worker, { ...env, ...settings }),
    env: settings,
    logFile: `${dir}/${worker}.log`,
  }, async () => {
    await answersWell(`http://127.0.0.1:${healthPort}/ready`);
    if (worker === "sse_service") await answersWell(`http://127.0.0.1:${demo.uiPort}/health`);
  });
}
