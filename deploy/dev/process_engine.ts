/**
 * A small Docker Engine for machines without Docker, for development and tests only: it speaks the Engine API
 * (1.41, as Engine 20.10 with the json-file log driver) on a unix socket, and its "containers" are processes
 * of this machine. Clients need no other code for it, only the path of its socket.
 *
 * What is not as in a container:
 * - There is no isolation. Programs are the machine's, images are names only, and users, networks and limits
 *   are not applied. Do not run what you would not run in a shell.
 * - Bind mounts are not mounted: a container path is replaced by its host path in command, entrypoint, working
 *   directory and environment values. Read-only binds can be written.
 * - The process sees its container's environment and PATH, nothing else. It works in its WorkingDir if that
 *   exists on this machine, else in an empty folder of its own.
 * - Outside Linux, signals that a container's first process would not notice end it.
 * - When it ends, its process group is killed; a descendant that made a session of its own is not.
 * - A stopped engine forgets its containers. One that is killed by SIGKILL leaves their processes behind.
 *
 * Served are /_ping, /version, /info, /events, /images (list, inspect, create) and /containers (list, create,
 * start, inspect, logs, wait, kill, stop, delete): no attach, exec, build or network.
 *
 * Permissions: `--allow-net=unix:SOCKET` to listen; read and write on SOCKET and on the folder it lies in, on
 * DATA, and on the sources of bind mounts; read on the folders of PATH; `--allow-run` without a list, as the
 * programs are the containers'; `--allow-env=PATH,NODE_V8_COVERAGE` and `--allow-sys=hostname`.
 *
 * ```sh
 * deno run --allow-read --allow-write --allow-run --allow-env=PATH,NODE_V8_COVERAGE --allow-sys=hostname \
 *   --allow-net=unix:/tmp/engine.sock deploy/dev/process_engine.ts \
 *   --socket /tmp/engine.sock --data /tmp/engine --image example/plugin:1
 * DOCKER_HOST=unix:///tmp/engine.sock docker ps
 * ```
 *
 * @module
 */
import { parseArgs } from "node:util";
import { createLogger } from "lib/run/log.ts";
import { runEngine } from "./process_engine/engine.ts";

const USAGE = `usage: process_engine.ts --socket PATH --data DIR --image NAME [--image NAME …] [--help]

  --socket PATH  unix socket to listen on
  --data DIR     folder for logs and working folders
  --image NAME   an image that containers may be made of; any number of times
`;

/** Reads the arguments, serves until SIGINT or SIGTERM, and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = {
    socket: { type: "string" },
    data: { type: "string" },
    image: { type: "string", multiple: true },
    help: { type: "boolean" },
  } as const;
  try {
    const { socket, data, image, help } = parseArgs({ args: [...args], options }).values;
    if (help) return say(USAGE, 0);
    if (!socket || !data || !image?.length) return say(USAGE, 2);
    const stop = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());
    const logger = createLogger("process_engine", "info");
    await runEngine({ socket, data, images: image, path: Deno.env.get("PATH") ?? "", logger }, stop.signal);
    return 0;
  } catch (error) {
    return say(`${error instanceof Error ? error.message : error}\n`, 1);
  }
}

function say(text: string, exitCode: number): number {
  const bytes = new TextEncoder().encode(text);
  (exitCode === 0 ? Deno.stdout : Deno.stderr).writeSync(bytes);
  return exitCode;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
