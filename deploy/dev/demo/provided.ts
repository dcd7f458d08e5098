import type { Part } from "./keep_running.ts";

/** A server that the system needs, wherever it came from. Disposing ends it if it was started here. */
export interface Provided extends AsyncDisposable {
  /** Where it is reached. */
  readonly address: string;
  /** For people: what it is and where it came from; no password. */
  readonly description: string;
  /** There if it was started here and can be started again. */
  readonly part?: Part;
}

/** What it takes to provide a server. */
export interface ProvideOptions {
  /** An existing folder of ours. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Address of the Docker Engine that answers, or null. */
  readonly dockerHost: string | null;
  /** Told what is going on. */
  readonly say: (text: string) => void;
}

/** No way to a server that the system needs. The message lists what people can do. */
export class NoServerError extends Error {
  override readonly name = "NoServerError";

  constructor(
    server: string,
    variable: string,
    packages: string,
    image: string,
    options?: { cause: unknown },
  ) {
    const cause = options?.cause instanceof Error ? `\n${options.cause.message}` : "";
    super(
      `Cannot get ${server}. Ways out:
  - set ${variable} to the address of one that runs,
  - install it, so that its programs are on PATH (${packages}),
  - start a Docker Engine that has or can pull ${image},
  - run this as root, or with sudo that needs no password, where apt-get can install it.${cause}`,
      options,
    );
  }
}

/** Something that already runs elsewhere, by its address. */
export function elsewhere(address: string, variable: string): Provided {
  const host = /^[a-z+]+:\/\/(?:[^/?#]*@)?([^/?#]+)/i.exec(address)?.[1] ?? "?";
  return {
    address,
    description: `at ${host}, as ${variable} says`,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Text of the compose file, or nothing where there is none. */
export async function composeFile(): Promise<string> {
  return await Deno.readTextFile(new URL("../../../docker-compose.yml", import.meta.url)).catch(() => "");
}
