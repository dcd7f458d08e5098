/**
 * A private Postgres server on this machine: own data folder, own password, loopback only.
 *
 * @module
 */
import postgres from "postgres";
import { BackgroundProcess, StartError } from "./background_process.ts";
import { findBinary, postgresFolders } from "./find_binary.ts";
import { freePort } from "./free_port.ts";
import { serverUser, type SystemUser } from "./server_user.ts";

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

/** A Postgres server that we started; its address stays the same however often it is stopped and started. */
export interface PostgresServer extends AsyncDisposable {
  readonly dsn: string;
  readonly port: number;
  /** Process id of the server, or of the last one if it is stopped. */
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the server has gone, or the last one if it is stopped. */
  readonly ended: Promise<unknown>;
  /** Ends it in good order; open connections are cut. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, its sessions too. */
  kill(): Promise<void>;
  /** Starts it again on its data. @throws {StartError} */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** The last lines of its log. */
  logTail(): Promise<string>;
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
  for (let tries = 1;; tries++) {
    const server = new LocalPostgres(binaries, freePort(), secret, user, options);
    try {
      await server.start();
      return server;
    } catch (error) {
      const taken = error instanceof StartError && /address already in use/i.test(error.logTail);
      if (!taken || tries === 5) throw error;
    }
  }
}

class LocalPostgres implements PostgresServer {
  readonly dsn: string;
  readonly logFile: string;
  #process: BackgroundProcess | null = null;

  constructor(
    readonly binaries: string,
    readonly port: number,
    password: string,
    readonly user: SystemUser | null,
    readonly options: PostgresOptions,
  ) {
    this.dsn = `postgres://chris:${password}@127.0.0.1:${port}/postgres`;
    this.logFile = `${options.dir}/postgres.log`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get ended(): Promise<unknown> {
    return this.#process?.ended ?? Promise.resolve();
  }

  async start(): Promise<void> {
    if (this.#process && !this.#process.status) return;
    const fast = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      ...(this.options.durable ?? true ? {} : fast),
      ...this.options.config,
    };
    const server = new BackgroundProcess({
      name: "postgres",
      command: `${this.binaries}/postgres`,
      args: ["-D", `${this.options.dir}/data`, "-p", String(this.port)]
        .concat(Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])),
      cwd: this.options.dir,
      env: { LC_ALL: "C" },
      user: this.user,
      logFile: this.logFile,
      stopSignal: "SIGINT",
    });
    this.#process = server;
    try {
      await server.ready(() => selectOne(this.dsn), 30_000);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.stop(0);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async logTail(): Promise<string> {
    return await this.#process?.logTail() ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
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
