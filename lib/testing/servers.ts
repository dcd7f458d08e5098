/**
 * Private servers for tests: each on a free loopback port with a folder of its own, both gone at the end.
 *
 * @module
 */
import { StartError } from "../../deploy/dev/services/background_process.ts";
import {
  findPostgres,
  initPostgres,
  type PostgresServer,
  startPostgres,
} from "../../deploy/dev/services/postgres.ts";
import { type RedisServer, startRedis } from "../../deploy/dev/services/redis.ts";
import { serverUser } from "../../deploy/dev/services/server_user.ts";

/** Settings of a test's Redis. */
export interface TempRedisOptions {
  /** Lines of redis.conf that win over the usual ones, such as `{ "maxmemory-policy": "allkeys-lru" }`. */
  readonly config?: Record<string, string>;
}

/**
 * Starts a Redis of the test's own (append-only file, `DEBUG` allowed). `stop()`, `kill()` and `start()` keep
 * its address and data.
 *
 * @throws {StartError} if it does not come up.
 */
export async function tempRedis(options: TempRedisOptions = {}): Promise<RedisServer> {
  const dir = await Deno.makeTempDir({ prefix: "chris-redis-" });
  const remove = () => Deno.remove(dir, { recursive: true });
  try {
    const config = { "enable-debug-command": "local", ...options.config };
    return withCleanup(await startRedis({ dir, config }), remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Starts a Postgres of the test's own (without fsync). `stop()`, `kill()`, `start()` and `restart()` keep its
 * address and data. The second one in a test file starts faster: it gets a copy of the first one's folder.
 *
 * @throws {StartError} if it does not come up.
 */
export async function tempPostgres(
  options: { config?: Record<string, string> } = {},
): Promise<PostgresServer> {
  template ??= makeTemplate();
  const { dir: source, binaries, password } = await template;
  const dir = await Deno.makeTempDir({ prefix: "chris-postgres-" });
  const remove = () => Deno.remove(dir, { recursive: true });
  try {
    const user = await serverUser();
    const copy = await new Deno.Command("cp", { args: ["-a", `${source}/data`, `${dir}/data`] }).output();
    if (!copy.success) throw new StartError("postgres", "cp failed", new TextDecoder().decode(copy.stderr));
    if (user) await Deno.chown(dir, user.uid, user.gid);
    return withCleanup(await startPostgres({ dir, binaries, durable: false, ...options }, password), remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

let template: Promise<{ dir: string; binaries: string; password: string }> | null = null;

async function makeTemplate() {
  const binaries = await findPostgres();
  if (!binaries) throw new StartError("postgres", "there is no initdb with postgres beside it on PATH", "");
  const dir = await Deno.makeTempDir({ prefix: "chris-postgres-template-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  const password = crypto.randomUUID();
  await initPostgres(binaries, dir, password, await serverUser());
  return { dir, binaries, password };
}

/** The same server, whose disposal also does `cleanup`. */
function withCleanup<Server extends AsyncDisposable>(server: Server, cleanup: () => Promise<void>): Server {
  const dispose = server[Symbol.asyncDispose].bind(server);
  server[Symbol.asyncDispose] = async () => {
    await dispose();
    await cleanup();
  };
  return server;
}
