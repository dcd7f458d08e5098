/**
 * Starting the system that is to be attacked.
 *
 * @module
 */
import { tempPostgres, tempRedis } from "lib/testing/servers.ts";
import { ensureTestImage } from "lib/testing/test_image.ts";
import { removeContainers } from "../../deploy/dev/demo/compute.ts";
import { providePfcon } from "../../deploy/dev/demo/provide_pfcon.ts";
import { openDocker, socketOf } from "../../deploy/dev/docker_client.ts";
import type { Engine } from "../../deploy/dev/engine.ts";
import { freePort } from "../../deploy/dev/services/free_port.ts";
import type { Random } from "./random.ts";
import type { AttackableWorld } from "./world/attackable_world.ts";
import { makeSlots } from "./world/make_slots.ts";
import { PfconProxy } from "./world/pfcon_proxy.ts";
import { RunningWorld } from "./world/running_world.ts";
import { WorkerPool } from "./world/worker_pool.ts";

/** How the world is made. */
export interface WorldOptions {
  /** Address of a Docker Engine on a unix socket. */
  readonly dockerHost: string;
  readonly random: Random;
  /** How many SSE services there are; the world's address is that of the first. @default 2 */
  readonly sseServices?: number;
  /** Told what is going on. */
  readonly say?: (text: string) => void;
  /** Ends the start. */
  readonly signal?: AbortSignal;
}

/** The label's name; its value is each world's own. */
const LABEL = "org.chrisproject.chaos";

/**
 * Starts everything and waits until all workers are ready. If that fails, nothing is left, but the error tells
 * what did not start.
 *
 * @throws {Error} if there is no engine on a unix socket, no image, or something does not start.
 */
export async function startWorld(options: WorldOptions): Promise<AttackableWorld> {
  const { dockerHost, random, say = () => {}, signal = new AbortController().signal } = options;
  const socket = socketOf(dockerHost);
  if (!socket) throw new Error(`Cannot use the engine at "${dockerHost}": expected unix:///path`);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder());
  const image = await ensureTestImage(openDocker(dockerHost));
  const label = `${LABEL}=c${crypto.randomUUID().slice(0, 8)}`;
  stack.defer(async () => void await removeContainers(dockerHost, label));
  say("starting Redis, Postgres and pfcon");
  const { redis, postgres, control } = await startServers(stack, folder.dir, { dockerHost, image, label });
  const pfcon = stack.use(await PfconProxy.start(control.address, random.fork("pfcon")));
  const uiPorts = Array.from({ length: options.sseServices ?? 2 }, () => freePort());
  const { slots, gates, engineGates } = await makeSlots(stack, {
    addresses: {
      redis: redis.url,
      postgres: postgres.dsn,
      docker: dockerHost,
      label,
      pfcon: { url: `http://127.0.0.1:${pfcon.port}`, user: control.user, password: control.password },
      image,
    },
    targets: { redis: redis.port, postgres: postgres.port, "log store": postgres.port, pfcon: pfcon.port },
    socket,
    engineLogs: await engineLogs(dockerHost),
    uiPorts,
    dir: folder.dir,
    random,
  });
  signal.throwIfAborted();
  say(`starting ${slots.length} workers`);
  const pool = stack.use(new WorkerPool(slots, random.fork("pool")));
  await pool.ready(signal);
  const everything = stack.move();
  return new RunningWorld({ redis, postgres, pool, gates, engineGates, pfcon }, {
    url: `http://127.0.0.1:${uiPorts[0]}`,
    urls: uiPorts.map((port) => `http://127.0.0.1:${port}`),
    dockerHost,
    label,
    image,
    logDir: `${folder.dir}/logs`,
    keepLogs: folder.keepLogs,
    end: () => everything.disposeAsync(),
  });
}

/** The engine's folder of log files, if it is on this machine and may be read. */
async function engineLogs(dockerHost: string): Promise<string | null> {
  const { DockerRootDir } = await openDocker(dockerHost).info();
  const dir = `${DockerRootDir}/containers`;
  return await Array.fromAsync(Deno.readDir(dir)).then(() => dir, () => null);
}

/** A folder for logs, sockets and pfcon's store, gone at the end; the logs stay if they are to be kept. */
async function makeFolder(): Promise<AsyncDisposable & { dir: string; keepLogs: () => void }> {
  const dir = await Deno.makeTempDir({ prefix: "chris-chaos-" });
  await Promise.all(["logs", "pfcon", "sockets"].map((name) => Deno.mkdir(`${dir}/${name}`)));
  let keeps = false;
  return {
    dir,
    keepLogs: () => keeps = true,
    [Symbol.asyncDispose]: async () => {
      const gone = keeps ? [`${dir}/pfcon`, `${dir}/sockets`] : [dir];
      await Promise.all(gone.map((path) => Deno.remove(path, { recursive: true })));
    },
  };
}

async function startServers(
  stack: AsyncDisposableStack,
  dir: string,
  { dockerHost, image, label }: { dockerHost: string; image: string; label: string },
) {
  const engine: Engine = {
    kind: "docker",
    host: dockerHost,
    description: `the engine at ${dockerHost}`,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const needs = { dir: `${dir}/pfcon`, env: {}, dockerHost, say: () => {} };
  // One that fails must not leave the others behind.
  const [redis, postgres, control] = await Promise.allSettled([
    tempRedis().then((server) => stack.use(server)),
    // What was committed must outlive the server's SIGKILL.
    tempPostgres({ config: { synchronous_commit: "on" } }).then((server) => stack.use(server)),
    providePfcon(needs, { engine, image }, label).then((server) => stack.use(server)),
  ]);
  if (redis.status === "rejected") throw redis.reason;
  if (postgres.status === "rejected") throw postgres.reason;
  if (control.status === "rejected") throw control.reason;
  return { redis: redis.value, postgres: postgres.value, control: control.value };
}
