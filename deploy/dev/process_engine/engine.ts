import type { Logger } from "lib/run/log.ts";
import { Containers } from "./containers.ts";
import { engineApp } from "./engine_app.ts";
import { EventJournal } from "./event_journal.ts";
import { Images } from "./images.ts";
import { systemClock } from "./nano_time.ts";

/** What an engine is told at its start. */
export interface EngineOptions {
  /** Path of the unix socket to listen on. */
  readonly socket: string;
  /** Folder for logs, working folders and named volumes; one engine at a time. */
  readonly data: string;
  /** Names of the images that containers may be made of. */
  readonly images: readonly string[];
  /** PATH of the processes, unless the container sets one. */
  readonly path: string;
  readonly logger: Logger;
}

/**
 * Serves the Engine API until `signal` aborts, then kills what still runs. Containers of an earlier run are
 * forgotten and their folders deleted; named volumes stay.
 *
 * @throws {Error} if another engine uses the socket or the folder.
 */
export async function runEngine(options: EngineOptions, signal: AbortSignal): Promise<void> {
  const { socket, data, logger } = options;
  await Deno.mkdir(data, { recursive: true });
  const root = await Deno.realPath(data);
  using _lock = await lockFolder(root);
  await freeSocket(socket);
  const folder = `${root}/process_containers`;
  await removeFolder(folder);
  const clock = systemClock();
  const journal = new EventJournal(clock);
  const images = await Images.of(options.images);
  const containers = new Containers({
    clock,
    journal,
    logger,
    images,
    folder,
    volumeFolder: `${root}/process_volumes`,
    path: options.path,
  });
  const app = engineApp({ clock, journal, containers, images, folder: root, logger });
  const server = Deno.serve({
    path: socket,
    signal,
    onListen: () => logger.info({ socket, images: images.all().map(({ name }) => name) }, "listening"),
  }, app.fetch);
  await server.finished;
  await containers.killAll();
  await removeFolder(folder);
  logger.info({ socket }, "stopped");
}

async function lockFolder(folder: string): Promise<Deno.FsFile> {
  const file = await Deno.open(`${folder}/process_engine.lock`, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new Error(`Cannot use the folder "${folder}": another process engine does`);
}

/** Deletes a socket file that a dead engine has left. */
async function freeSocket(path: string): Promise<void> {
  const there = await Deno.lstat(path).catch(() => undefined);
  if (!there) return;
  if (!there.isSocket) throw new Error(`Cannot listen on "${path}": it exists and is no socket`);
  const peer = await Deno.connect({ transport: "unix", path }).catch(() => undefined);
  peer?.close();
  if (peer) throw new Error(`Cannot listen on "${path}": something answers there`);
  await Deno.remove(path);
}

async function removeFolder(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
