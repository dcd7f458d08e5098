import { parseArgs } from "node:util";

/** What the command line of the demo says. */
export interface DemoOptions {
  /** End when the sample has ended, with its verdict as exit code. */
  readonly once: boolean;
  /** Whether a sample workflow is submitted and shown. */
  readonly sample: boolean;
  /** Port of the web page and API; 0 for any free one. */
  readonly port: number;
  readonly help: boolean;
}

/** Shown by `--help`. */
export const USAGE = `Usage: deno task demo [--once] [--no-sample] [--port N] [--help]

Starts the whole system on this machine, submits a sample workflow, shows what happens, and stays up until
Ctrl-C. Nothing is left running afterwards.

  --once        end when the sample has ended: exit code 0 if it finished successfully, else 1
  --no-sample   start everything, submit nothing
  --port N      port of the web page and API (default: any free one)

Variables that point it at what is there already:
  REDIS_URL     address of a Redis (else: redis-server on PATH, a container, or installed)
  DB_DSN        address of a Postgres database (else: the same with Postgres)
  DOCKER_HOST   Docker Engine (else: the usual sockets, else containers run as processes of this machine)
  PFCON_URL     a pfcon, with PFCON_USER and PFCON_PASSWORD (else: a stand-in for development)
  NO_COLOR      no colours`;

/** @throws {TypeError} if an option is unknown. @throws {RangeError} if the port is none. */
export function demoOptions(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "once": { type: "boolean", default: false },
      "no-sample": { type: "boolean", default: false },
      "port": { type: "string", default: "0" },
      "help": { type: "boolean", short: "h", default: false },
    },
  });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new RangeError(`Cannot use port "${values.port}": expected a number from 0 to 65535`);
  }
  if (values.once && values["no-sample"]) {
    throw new RangeError(
      "Cannot use --once together with --no-sample: without a sample there is nothing to wait for",
    );
  }
  return { once: values.once, sample: !values["no-sample"], port, help: values.help };
}
