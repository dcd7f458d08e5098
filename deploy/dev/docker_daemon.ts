/**
 * A Docker Engine of our own: socket, data, exec root and pid file in one folder. For machines where a daemon
 * is installed but none runs. As a program (`docker_daemon.ts --dir DIR`) it prints `DOCKER_HOST=…` when the
 * engine answers, and stops it at SIGTERM or SIGINT; with `--unless-answering` it starts none where one answers
 * already, prints that one's address and ends.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { engineVersion, findEngine } from "./docker_client.ts";
import { BackgroundProcess, StartError } from "./services/background_process.ts";
import { findBinary } from "./services/find_binary.ts";

/** A running private daemon; disposing stops it and its containers. */
export interface DockerDaemon extends AsyncDisposable {
  /** Address in the form of `DOCKER_HOST`. */
  readonly host: string;
  readonly pid: number;
}

/** Whether a daemon could be started here, or why not. */
export async function canStartDaemon(): Promise<
  { ok: true; binary: string } | { ok: false; reason: string }
> {
  const binary = await findBinary("dockerd");
  if (!binary) return { ok: false, reason: "dockerd is not installed" };
  if (Deno.uid() !== 0) return { ok: false, reason: "only root can start dockerd" };
  return { ok: true, binary };
}

/**
 * Starts a daemon in `dir` (an existing folder of ours; its path must be short, as it holds sockets).
 *
 * @throws {StartError} with the tail of the daemon's log.
 */
export async function startDockerDaemon(dir: string): Promise<DockerDaemon> {
  const possible = await canStartDaemon();
  if (!possible.ok) throw new StartError("dockerd", possible.reason, "");
  try {
    return await startWith(possible.binary, dir, []);
  } catch (error) {
    // Where the network bridge or its firewall rules cannot be made, jobs still run, without a network. A daemon
    // without a bridge removes the one there is, so none is started beside another daemon's.
    if (!(error instanceof StartError) || await hasBridge()) throw error;
    return await startWith(possible.binary, dir, ["--bridge=none", "--iptables=false", "--ip6tables=false"]);
  }
}

async function hasBridge(): Promise<boolean> {
  return await Deno.stat("/sys/class/net/docker0").then(() => true, () => false);
}

async function startWith(binary: string, dir: string, more: readonly string[]): Promise<DockerDaemon> {
  const host = `unix://${dir}/docker.sock`;
  const daemon = new BackgroundProcess({
    name: "dockerd",
    command: binary,
    args: ["--host", host, "--data-root", `${dir}/data`, "--exec-root", `${dir}/exec`]
      .concat("--pidfile", `${dir}/docker.pid`, "--log-level", "warn", more),
    logFile: `${dir}/dockerd.log`,
  });
  try {
    await daemon.ready(async () => {
      if (!await engineVersion(host)) throw new Error("no answer on its socket");
    }, 60_000);
  } catch (error) {
    await daemon.stop(20_000);
    throw error;
  }
  return { host, pid: daemon.pid, [Symbol.asyncDispose]: async () => void await daemon.stop(30_000) };
}

async function main(args: readonly string[]): Promise<number> {
  const options = { "dir": { type: "string" }, "unless-answering": { type: "boolean" } } as const;
  const { dir, "unless-answering": unlessAnswering } = parseArgs({ args: [...args], options }).values;
  if (!dir) {
    console.error("Usage: docker_daemon.ts --dir DIR [--unless-answering]");
    return 2;
  }
  const found = unlessAnswering ? await findEngine(Deno.env.toObject()) : null;
  if (found) {
    console.log(`DOCKER_HOST=${found.host}`);
    return 0;
  }
  await Deno.mkdir(dir, { recursive: true });
  const asked = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, () => asked.resolve());
  await using daemon = await startDockerDaemon(await Deno.realPath(dir));
  console.log(`DOCKER_HOST=${daemon.host}`);
  await asked.promise;
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
