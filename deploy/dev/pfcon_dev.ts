/**
 * A stand-in for pfcon, for development and tests only: speaks pfcon's REST contract (Docker, in-network) and
 * runs real containers through the Docker Engine API. It keeps no state of its own.
 *
 * It differs from pfcon where that helps a developer:
 * - a job is found by the exact name and the labels of its container, never by the beginning of its id;
 * - paths that would lead out of the store are refused with 400;
 * - copy, upload and delete run small shell scripts in any image that has a shell, and get what they need as
 *   arguments; `.chrislink` files are not followed by the copy;
 * - `STORAGE_ENV=s3` has the steps of object storage but copies within the store; no zip files are made;
 * - it listens on the loopback address unless told otherwise.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { ConfigError, readConfig } from "lib/run/config.ts";
import { createLogger } from "lib/run/log.ts";
import { PfconDevConfig } from "./pfcon_dev/config.ts";
import { openEngine } from "./pfcon_dev/engine.ts";
import { type PfconDev, servePfconDev } from "./pfcon_dev/server.ts";
import { Store } from "./pfcon_dev/store.ts";
import { Tokens } from "./pfcon_dev/tokens.ts";

export { PfconDevConfig } from "./pfcon_dev/config.ts";
export type { PfconDev } from "./pfcon_dev/server.ts";

/** Starts the stand-in with these settings, in this process. */
export function startPfconDev(config: Readonly<PfconDevConfig>): PfconDev {
  const uid = Deno.uid();
  const gid = Deno.gid();
  return servePfconDev({
    hostname: config.HOST,
    port: config.PORT,
    engine: openEngine(config.DOCKER_HOST),
    store: new Store(config.STOREBASE_MOUNT ?? config.STOREBASE, config.STOREBASE),
    storage: config.STORAGE_ENV,
    opImage: config.PFCON_OP_IMAGE,
    opUser: uid === null || gid === null ? null : { uid, gid },
    labels: config.JOB_LABELS,
    removeJobs: config.REMOVE_JOBS,
    logsTail: config.JOB_LOGS_TAIL,
    ignoreLimits: config.IGNORE_LIMITS,
    tokens: new Tokens(config.SECRET_KEY ?? crypto.randomUUID(), {
      user: config.PFCON_USER,
      password: config.PFCON_PASSWORD,
    }),
    log: createLogger("pfcon_dev", config.LOG_LEVEL),
  });
}

/** How long requests in hand may take after the first signal, in milliseconds. */
const GRACE_MS = 10_000;

/** Runs until SIGTERM or SIGINT; a second one ends at once. */
async function main(): Promise<never> {
  const { values } = parseArgs({ args: Deno.args, options: { "docker-socket": { type: "string" } } });
  const socket = values["docker-socket"];
  const env = Object.fromEntries(Object.keys(PfconDevConfig.shape).map((name) => [name, Deno.env.get(name)]));
  if (socket !== undefined) env.DOCKER_HOST = `unix://${socket}`;
  const server = startPfconDev(readConfig(PfconDevConfig, env));
  const stop = Promise.withResolvers<void>();
  let signals = 0;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => ++signals > 1 ? Deno.exit(1) : stop.resolve());
  }
  await stop.promise;
  const tooLate = setTimeout(() => Deno.exit(1), GRACE_MS);
  await server[Symbol.asyncDispose]();
  clearTimeout(tooLate);
  Deno.exit(0);
}

if (import.meta.main) {
  await main().catch((error) => {
    console.error(error instanceof ConfigError ? error.message : error);
    Deno.exit(error instanceof ConfigError ? 2 : 1);
  });
}
