/**
 * A private Postgres server on this machine: own data folder, own password, loopback only.
 *
 * @module
 */
import postgres from "postgres";
import { sleep } from "lib/run/sleep.ts";
import { BackgroundProcess, StartError } from "./background_process.ts";
import { findBinary, postgresFolders } from "./find_binary.ts";
import { RestartableProcess } from "./restartable_process.ts";
import { serverUser, type SystemUser } from "./server_user.ts";
import { startOnFreePort } from "./start_on_free_port.ts";

/** How a private Postgres is started. */
export interface PostgresOptions {
  /** An existing folder of ours, which `user` may enter; the data goes to `data` in it. */
  readonly dir: string;
  /** Folder with `initdb` and `postgres`. @default Debian's newest version, else PATH */
  readonly binaries?: string;
  /** Whether data must survive a power cut. @default true */
  readonly durable?: boolean;
  /** Further settings (`-c name=value`), which win over ours. */
  readonly config?: Record<string, string>;
}

/** A Postgres server that we started; it keeps address and data however often it is stopped and started. */
export interface PostgresServer extends RestartableProcess {
  readonly dsn: string;
  readonly port: number;
}

/** The folder that holds `initdb` and `postgres`, or null. */
export async function findPostgres(): Promise<string | null> {
  const initdb = await findBinary("initdb", { folders: await postgresFolders(), beside: ["postgres"] });
  return initdb && initdb.slice(0, -"/initdb".length);
}

/** Makes a data folder, of `user`'s own, with one superuser `chris` who has `password`. @throws {StartError} */
export async function initPostgres(binaries: string, dir: string, password: string, user: SystemUser | null) {
  const passwordFile = `${dir}/password`;
  await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
  if (user) await Promise.all([dir, passwordFile].map((path) => Deno.chown(path, user.uid, user.gid)));
  const initdb = new BackgroundProcess({
    name: "initdb",
    command: `${binaries}/initdb`,
    args: ["-D", `${dir}/data`, "-U", "chris", "--pwfile", passwordFile, "-A", "scram-sha-256"]
      .concat("--no-locale", "-E", "UTF8", "--no-sync"),
    cwd: dir,
    env: { LC_ALL: "C" },
    user,
    logFile: `${dir}/initdb.log`,
  });
  const status = await initdb.ended;
  await Deno.remove(passwordFile);
  if (!status.success) throw new StartError("initdb", `exit code ${status.code}`, await initdb.logTail());
}

/**
 * Starts Postgres, on a new data folder unless `dir` holds one made with `password`, and waits until it answers.
 *
 * @throws {StartError} if there is no binary or the server does not come up; with the tail of its log.
 */
export async function startPostgres(options: PostgresOptions, password?: string): Promise<PostgresServer> {
  const binaries = options.binaries ?? await findPostgres();
  if (!binaries) throw new StartError("postgres", "there is no initdb with postgres beside it on PATH", "");
  const user = await serverUser();
  const secret = password ?? crypto.randomUUID();
  if (!password) await initPostgres(binaries, options.dir, secret, user);
  return await startOnFreePort((port) => postgresServer(binaries, port, secret, user, options));
}

function postgresServer(
  binaries: string,
  port: number,
  password: string,
  user: SystemUser | null,
  { dir, durable = true, config }: PostgresOptions,
): PostgresServer {
  const fast = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    ...(durable ? {} : fast),
    ...config,
  };
  const dsn = `postgres://chris:${password}@127.0.0.1:${port}/postgres`;
  const server = new RestartableProcess({
    name: "postgres",
    command: `${binaries}/postgres`,
    args: ["-D", `${dir}/data`, "-p", String(port)]
      .concat(Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])),
    cwd: dir,
    env: { LC_ALL: "C" },
    user,
    logFile: `${dir}/postgres.log`,
    stopSignal: "SIGINT", // cuts open connections
  }, () => selectOne(dsn));
  const start = server.start.bind(server);
  return Object.assign(server, { dsn, port, start: () => startWhenAlone(start) });
}

/** How often, and with which pause (ms), a start is tried again that processes of the server's last life prevent. */
const LEFTOVERS = { tries: 100, pauseMs: 200 };

/** A server that was killed leaves children behind for a moment, which hold its memory. @throws {StartError} */
async function startWhenAlone(start: () => Promise<void>): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await start();
    } catch (error) {
      const isHeld = error instanceof StartError &&
        /pre-existing shared memory block .* is still in use/.test(error.logTail);
      if (!isHeld || tries === LEFTOVERS.tries) throw error;
    }
    await sleep(LEFTOVERS.pauseMs);
  }
}

/** Asks a database for a number. @throws {Error} if it does not answer. */
export async function selectOne(dsn: string): Promise<void> {
  const sql = postgres(dsn, { max: 1, connect_timeout: 2, onnotice: () => {} });
  try {
    await sql`select 1`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
