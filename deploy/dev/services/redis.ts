/**
 * A private Redis server on this machine: own folder, own password, loopback only, kept in an append-only file.
 *
 * @module
 */
import { BackgroundProcess, StartError } from "./background_process.ts";
import { findBinary } from "./find_binary.ts";
import { freePort } from "./free_port.ts";

/** How a private Redis is started. */
export interface RedisOptions {
  /** An existing folder of ours; data, settings and log go there. */
  readonly dir: string;
  /** Path of `redis-server`. @default the one on PATH */
  readonly binary?: string;
  /** Further lines of redis.conf, which win over ours. */
  readonly config?: Record<string, string>;
}

/** A Redis server that we started; its address stays the same however often it is stopped and started. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly password: string;
  /** Process id of the server, or of the last one if it is stopped. */
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the server has gone, or the last one if it is stopped. */
  readonly ended: Promise<unknown>;
  /** Ends it in good order (data is written). */
  stop(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on its data. @throws {StartError} */
  start(): Promise<void>;
  /** The last lines of its log. */
  logTail(): Promise<string>;
}

/** Where `redis-server` is, or null. */
export async function findRedis(): Promise<string | null> {
  return await findBinary("redis-server");
}

/**
 * Starts Redis and waits until it answers.
 *
 * @throws {StartError} if there is no binary or the server does not come up; with the tail of its log.
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const binary = options.binary ?? await findRedis();
  if (!binary) throw new StartError("redis", "there is no redis-server on PATH", "");
  for (let tries = 1;; tries++) {
    const server = new LocalRedis(binary, freePort(), options);
    try {
      await server.start();
      return server;
    } catch (error) {
      const taken = error instanceof StartError && /address already in use/i.test(error.logTail);
      if (!taken || tries === 5) throw error;
    }
  }
}

class LocalRedis implements RedisServer {
  readonly url: string;
  readonly password = crypto.randomUUID();
  readonly logFile: string;
  #process: BackgroundProcess | null = null;

  constructor(readonly binary: string, readonly port: number, readonly options: RedisOptions) {
    this.url = `redis://:${this.password}@127.0.0.1:${port}/0`;
    this.logFile = `${options.dir}/redis.log`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get ended(): Promise<unknown> {
    return this.#process?.ended ?? Promise.resolve();
  }

  async start(): Promise<void> {
    if (this.#process && !this.#process.status) return;
    const conf = `${this.options.dir}/redis.conf`;
    await Deno.writeTextFile(conf, this.#settings(), { mode: 0o600 });
    const server = new BackgroundProcess({
      name: "redis",
      command: this.binary,
      args: [conf],
      cwd: this.options.dir,
      logFile: this.logFile,
    });
    this.#process = server;
    try {
      await server.ready(() => pingRedis(this.port, this.password), 20_000);
    } catch (error) {
      await server.stop(0);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async kill(): Promise<void> {
    await this.#process?.stop(0);
  }

  async logTail(): Promise<string> {
    return await this.#process?.logTail() ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #settings(): string {
    const settings: Record<string, string> = {
      "port": String(this.port),
      "bind": "127.0.0.1",
      "requirepass": this.password,
      "dir": `"${this.options.dir}"`,
      "daemonize": "no",
      "appendonly": "yes",
      "appendfsync": "everysec",
      "save": '""',
      "maxmemory-policy": "noeviction",
      ...this.options.config,
    };
    return Object.entries(settings).map(([name, value]) => `${name} ${value}\n`).join("");
  }
}

/** Says AUTH and PING to a server on this machine. @throws {Error} unless the answers are +OK and +PONG. */
export async function pingRedis(port: number, password: string): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const patience = setTimeout(() => connection.close(), 2_000);
  try {
    await connection.write(new TextEncoder().encode(`AUTH ${password}\r\nPING\r\n`));
    let answer = "";
    const buffer = new Uint8Array(256);
    while (answer.split("\r\n").length < 3) {
      const count = await connection.read(buffer);
      if (count === null) break;
      answer += new TextDecoder().decode(buffer.subarray(0, count));
    }
    if (answer !== "+OK\r\n+PONG\r\n") throw new Error(`it answered ${JSON.stringify(answer)}`);
  } finally {
    clearTimeout(patience);
  }
}
