/**
 * Where containers run in development: in a Docker Engine where one answers, else as plain processes behind
 * `process_engine.ts`, which speaks the same API.
 *
 * @module
 */
import { engineVersion, findEngine } from "./docker_client.ts";
import { RestartableProcess } from "./services/restartable_process.ts";

/** A container engine that is ready. Disposing ends it if it was started here. */
export interface Engine extends AsyncDisposable {
  readonly kind: "docker" | "process";
  /** Address in the form of `DOCKER_HOST`. */
  readonly host: string;
  /** For people: "Docker Engine 27.1 at unix:///var/run/docker.sock". */
  readonly description: string;
  /** What serves it, if it was started here. */
  readonly part?: RestartableProcess;
}

/** What to pick an engine by. */
export interface EngineOptions {
  /** An existing folder of ours, for the socket, data and log of a process engine. */
  readonly dir: string;
  /** Name of the image that a process engine says it has. */
  readonly image: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The Docker Engine if one answers, else a process engine. @throws {StartError} */
export async function pickEngine(options: EngineOptions): Promise<Engine> {
  const found = await findEngine(options.env);
  if (!found) return await startProcessEngine(options);
  return {
    kind: "docker",
    host: found.host,
    description: `Docker Engine ${found.version} at ${found.host}`,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Starts an engine that runs containers as processes of this machine, and waits until it answers.
 *
 * @throws {StartError} with the tail of its log.
 */
export async function startProcessEngine(options: Omit<EngineOptions, "env">): Promise<Engine> {
  const socket = `${options.dir}/engine.sock`;
  const data = `${options.dir}/engine`;
  await Deno.mkdir(data, { recursive: true });
  const host = `unix://${socket}`;
  const part = new RestartableProcess({
    name: "process_engine",
    command: Deno.execPath(),
    // It runs whatever a container is told to run, on whatever files: the one part that needs all of these.
    args: ["run", "--no-prompt", "--ignore-env", "--allow-env=PATH", "--allow-sys=hostname", "--allow-run"]
      .concat("--allow-read", "--allow-write", `--allow-net=unix:${socket}`)
      .concat(decodeURIComponent(new URL("./process_engine.ts", import.meta.url).pathname))
      .concat("--socket", socket, "--data", data, "--image", options.image),
    logFile: `${options.dir}/process_engine.log`,
  }, async () => {
    if (!await engineVersion(host)) throw new Error("no answer on its socket");
  });
  await part.start();
  return {
    kind: "process",
    host,
    description: "no Docker Engine answers: containers run as processes of this machine (process_engine)",
    part,
    [Symbol.asyncDispose]: () => part.stop(),
  };
}
