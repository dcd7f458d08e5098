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

/** Something that already runs elsewhere, by its address. */
export function elsewhere(address: string, variable: string): Provided {
  const host = /^[a-z+]+:\/\/(?:[^/?#]*@)?([^/?#]+)/i.exec(address)?.[1] ?? "?";
  return {
    address,
    description: `at ${host}, as ${variable} says`,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
