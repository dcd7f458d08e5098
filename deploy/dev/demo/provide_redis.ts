/**
 * Redis for the demo and the tests.
 *
 * @module
 */
import { openDocker } from "../docker_client.ts";
import { composeImage, startContainerService } from "../services/container_service.ts";
import { installPackages } from "../services/install_packages.ts";
import { findRedis, pingRedis, startRedis } from "../services/redis.ts";
import { composeFile, elsewhere, NoServerError, type Provided, type ProvideOptions } from "./provided.ts";
import { untilReady } from "./until_ready.ts";

const PACKAGES = { apt: ["redis-server"], brew: ["redis"] };

/**
 * The Redis in REDIS_URL; else one started here, from the programs on the machine, from a container, or from
 * packages installed now.
 *
 * @throws {NoServerError} if there is no way.
 */
export async function provideRedis(options: ProvideOptions): Promise<Provided> {
  const { REDIS_URL } = options.env;
  if (REDIS_URL) return elsewhere(REDIS_URL, "REDIS_URL");
  if (await findRedis()) return await fromBinary(options);
  const image = composeImage(await composeFile(), "redis") ?? "redis:7-alpine";
  let cause: unknown;
  try {
    const inContainer = options.dockerHost && await fromContainer(options.dockerHost, image, options);
    if (inContainer) return inContainer;
    if (await installPackages(PACKAGES, options.say)) return await fromBinary(options);
  } catch (error) {
    cause = error;
  }
  throw new NoServerError("Redis", "REDIS_URL", "Debian: redis-server, Homebrew: redis", image, { cause });
}

async function fromBinary(options: ProvideOptions): Promise<Provided> {
  const binary = await findRedis();
  const server = await startRedis({ dir: options.dir });
  return {
    address: server.url,
    description: `${binary} on 127.0.0.1:${server.port}, with append-only file`,
    part: {
      name: "redis",
      get ended() {
        return server.ended;
      },
      start: () => server.start(),
      stop: () => server.stop(),
      logTail: () => server.logTail(),
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function fromContainer(host: string, image: string, options: ProvideOptions): Promise<Provided | null> {
  options.say(`starting a container of ${image}`);
  const password = crypto.randomUUID();
  const service = await startContainerService(openDocker(host), {
    name: "redis",
    image,
    port: 6379,
    command: [
      "redis-server",
      "--appendonly",
      "yes",
      "--maxmemory-policy",
      "noeviction",
      "--requirepass",
      password,
    ],
  });
  if (!service) return null;
  await untilReady("redis", () => pingRedis(service.port, password), service);
  return {
    address: `redis://:${password}@127.0.0.1:${service.port}/0`,
    description: `a container of ${image} on 127.0.0.1:${service.port}`,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
