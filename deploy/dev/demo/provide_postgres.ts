/**
 * Postgres for the demo and the tests.
 *
 * @module
 */
import { openDocker } from "../docker_client.ts";
import { composeImage, startContainerService } from "../services/container_service.ts";
import { installPackages } from "../services/install_packages.ts";
import { findPostgres, selectOne, startPostgres } from "../services/postgres.ts";
import { composeFile, elsewhere, NoServerError, type Provided, type ProvideOptions } from "./provided.ts";
import { untilReady } from "./until_ready.ts";

const PACKAGES = { apt: ["postgresql"], brew: ["postgresql"] };

/**
 * The Postgres in DB_DSN; else one started here, from the programs on the machine, from a container, or from
 * packages installed now.
 *
 * @throws {NoServerError} if there is no way.
 */
export async function providePostgres(options: ProvideOptions): Promise<Provided> {
  const { DB_DSN } = options.env;
  if (DB_DSN) return elsewhere(DB_DSN, "DB_DSN");
  if (await findPostgres()) return await fromBinary(options);
  const image = composeImage(await composeFile(), "postgres") ?? "postgres:16-alpine";
  let cause: unknown;
  try {
    const inContainer = options.dockerHost && await fromContainer(options.dockerHost, image, options);
    if (inContainer) return inContainer;
    if (await installPackages(PACKAGES, options.say)) return await fromBinary(options);
  } catch (error) {
    cause = error;
  }
  throw new NoServerError("Postgres", "DB_DSN", "Debian: postgresql, Homebrew: postgresql", image, { cause });
}

async function fromBinary(options: ProvideOptions): Promise<Provided> {
  const server = await startPostgres({ dir: options.dir });
  return {
    address: server.dsn,
    description: `${await findPostgres()}/postgres on 127.0.0.1:${server.port}`,
    part: {
      name: "postgres",
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
    name: "postgres",
    image,
    port: 5432,
    env: ["POSTGRES_USER=chris", `POSTGRES_PASSWORD=${password}`, "POSTGRES_DB=chris"],
  });
  if (!service) return null;
  const address = `postgres://chris:${password}@127.0.0.1:${service.port}/chris`;
  await untilReady("postgres", () => selectOne(address), service);
  return {
    address,
    description: `a container of ${image} on 127.0.0.1:${service.port}`,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
