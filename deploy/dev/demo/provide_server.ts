/**
 * A server for the demo, in whichever way this machine has for it.
 *
 * @module
 */
import { openDocker } from "../docker_client.ts";
import { composeImage, startContainerService } from "../services/container_service.ts";
import { installPackages, type Packages } from "../services/install_packages.ts";
import { elsewhere, type Provided, type ProvideOptions } from "./provided.ts";
import { untilReady } from "./until_ready.ts";

/** A kind of server, and the ways to one. */
export interface ServerKind {
  /** Its name for people. */
  readonly title: string;
  /** Its name in the compose file. */
  readonly name: string;
  /** Variable with the address of one that runs elsewhere. */
  readonly variable: string;
  readonly packages: Packages;
  /** Image to use where the compose file names none. */
  readonly image: string;
  /** Where its program is, or null. */
  readonly find: () => Promise<string | null>;
  /** Starts the program, with all that it writes in `dir`. @throws {StartError} */
  readonly start: (dir: string) => Promise<Required<Pick<Provided, "address" | "description" | "part">>>;
  readonly container: (password: string) => ContainedServer;
}

/** A server in a container of its own. */
export interface ContainedServer {
  /** Port inside the container. */
  readonly port: number;
  readonly env?: readonly string[];
  readonly command?: readonly string[];
  /** Where it is reached, by the port on this machine. */
  address(port: number): string;
  /** Resolves if it answers. */
  ping(port: number): Promise<unknown>;
}

/** No way to a server that the system needs. The message lists what people can do. */
export class NoServerError extends Error {
  override readonly name = "NoServerError";

  constructor({ title, variable, packages }: ServerKind, image: string, cause: unknown) {
    super(
      `Cannot get ${title}. Ways out:
  - set ${variable} to the address of one that runs,
  - install it, so that its programs are on PATH (Debian: ${packages.apt}, Homebrew: ${packages.brew}),
  - start a Docker Engine that has or can pull ${image},
  - run this as root, or with sudo that needs no password, where apt-get can install it.${
        cause instanceof Error ? `\n${cause.message}` : ""
      }`,
      { cause },
    );
  }
}

/**
 * The server that the environment names; else one started here, from the programs on the machine, from a
 * container, or from packages installed now.
 *
 * @throws {NoServerError} if there is no way.
 */
export async function provideServer(kind: ServerKind, options: ProvideOptions): Promise<Provided> {
  const address = options.env[kind.variable];
  if (address) return elsewhere(address, kind.variable);
  if (await kind.find()) return await fromProgram(kind, options);
  const image = composeImage(await composeFile(), kind.name) ?? kind.image;
  let cause: unknown;
  try {
    const inContainer = options.dockerHost && await fromContainer(kind, options.dockerHost, image, options);
    if (inContainer) return inContainer;
    if (await installPackages(kind.packages, options.say)) return await fromProgram(kind, options);
  } catch (error) {
    cause = error;
  }
  throw new NoServerError(kind, image, cause);
}

async function fromProgram(kind: ServerKind, { dir }: ProvideOptions): Promise<Provided> {
  const started = await kind.start(dir);
  return { ...started, [Symbol.asyncDispose]: async () => void await started.part.stop() };
}

async function fromContainer(
  { name, container }: ServerKind,
  host: string,
  image: string,
  { say }: ProvideOptions,
): Promise<Provided | null> {
  say(`starting a container of ${image}`);
  const { address, ping, ...server } = container(crypto.randomUUID());
  const service = await startContainerService(openDocker(host), { ...server, name, image });
  if (!service) return null;
  await untilReady(name, () => ping(service.port), service);
  return {
    address: address(service.port),
    description: `a container of ${image} on 127.0.0.1:${service.port}`,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** Text of the compose file, or nothing where there is none. */
async function composeFile(): Promise<string> {
  return await Deno.readTextFile(new URL("../../../docker-compose.yml", import.meta.url)).catch(() => "");
}
