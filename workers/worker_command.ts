/**
 * How a worker's process is started: its program with the permissions that its settings call for.
 *
 * @module
 */
import type { z } from "@zod/zod";
import { readConfig } from "lib/run/config.ts";
import { permissionFlags, type WorkerName } from "lib/run/permissions.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings a worker knows, from its `config.ts`. */
export async function workerConfig(worker: WorkerName): Promise<z.ZodObject> {
  const module: { Config: z.ZodObject } = await import(
    new URL(`./${worker}/config.ts`, import.meta.url).href
  );
  return module.Config;
}

/**
 * What `deno` is called with to start a worker with the settings of `env`.
 *
 * @throws {ConfigError} if the worker would refuse these settings.
 */
export async function workerArgs(worker: WorkerName, env: Environment): Promise<string[]> {
  const schema = await workerConfig(worker);
  const config: Record<string, unknown> = readConfig(schema, env);
  const names = Object.keys(schema.shape);
  const settings = Object.fromEntries(names.map((name) => [name, config[name]]));
  return ["run", "--no-prompt", ...permissionFlags(worker, settings), workerProgram(worker)];
}

/** Path of a worker's program. */
export function workerProgram(worker: WorkerName): string {
  return decodeURIComponent(new URL(`./${worker}/main.ts`, import.meta.url).pathname);
}
