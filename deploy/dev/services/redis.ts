/**
 * A private Redis server on this machine: own folder, own password, loopback only, kept in an append-only file.
 *
 * @module
 */
import { StartError } from "./background_process.ts";
import { findBinary } from "./find_binary.ts";
import { RestartableProcess } from "./restartable_process.ts";
import { startOnFreePort } from "./start_on_free_port.ts";

/** How a private Redis is started. */
export interface RedisOptions {
  /** An existing folder of ours; data, settings and log go there. */
  readonly dir: string;
  /** Path of `redis-server`. @default the one on PATH */
  readonly binary?: string;
  /** Further lines of redis.conf, which win over ours. */
  readonly config?: Record<string, string>;
}

/** A Redis server that we started; it keeps address and data however often it is stopped and started. */
export interface RedisServer extends RestartableProcess {
  readonly url: string;
  readonly port: number;
  readonly password: string;
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
  return await startOnFreePort((port) => redisServer(binary, port, options));
}

async function redisServer(
  binary: string,
  port: number,
  { dir, config }: RedisOptions,
): Promise<RedisServer> {
  const password = crypto.randomUUID();
  const settings: Record<string, string> = {
    "port": String(port),
    "bind": "127.0.0.1",
    "requirepass": password,
    "dir": `"${dir}"`,
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": '""',
    "maxmemory-policy": "noeviction",
    ...config,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  await Deno.writeTextFile(`${dir}/redis.conf`, lines.join(""), { mode: 0o600 });
  const server = new RestartableProcess({
    name: "redis",
    command: binary,
    args: [`${dir}/redis.conf`],
    cwd: dir,
    logFile: `${dir}/redis.log`,
  }, () => pingRedis(port, password));
  return Object.assign(server, { url: `redis://:${password}@127.0.0.1:${port}/0`, port, password });
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
