import { nearest } from "../command/nearest.ts";
import { visibleText } from "../command/visible_bytes.ts";
import { COMMANDS } from "./commands.ts";
import type { Command, Invocation } from "./command.ts";

/** What the command line asks for: help, or something to carry out. */
export type Request =
  | { readonly kind: "help"; readonly text: string; readonly asked: boolean }
  | { readonly kind: "invocation"; readonly invocation: Invocation };

/** Where the service is unless somebody says so. */
export const DEFAULT_URL = "http://127.0.0.1:8080";

/** Shown by `--help` without a command. */
export const USAGE = `Usage: deno task chris COMMAND [options]

Runs and follows jobs through the SSE service.

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`).join("\n")}

deno task chris COMMAND --help tells the options of each. All know --json (one JSON object per line), --url (default:
CHRIS_URL, else ${DEFAULT_URL}) and --token-file (default: the token in CHRIS_TOKEN). Colours and progress are for
terminals only; NO_COLOR switches colours off. "deno task -q chris" leaves out the line that deno task begins with.`;

/**
 * Reads the command line; `url` is where the service is unless options say so. Pure.
 *
 * @throws {TypeError | RangeError} if it cannot work.
 */
export function commandLine(args: readonly string[], url: string): Request {
  // `deno task chris -- run` hands on the dashes.
  const [name, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (name === undefined) return { kind: "help", text: USAGE, asked: false };
  if (isHelp(name)) {
    const [about] = rest;
    const text = about === undefined || isHelp(about) ? USAGE : commandOf(about).usage;
    return { kind: "help", text, asked: true };
  }
  const command = commandOf(name);
  const own = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  if (own.some((arg) => arg === "--help" || arg === "-h")) {
    return { kind: "help", text: command.usage, asked: true };
  }
  return { kind: "invocation", invocation: command.prepare(rest, url) };
}

/** What other tools call it. */
const ELSEWHERE = new Map(Object.entries({
  ls: "list",
  ps: "list",
  get: "status",
  describe: "status",
  wait: "watch",
  attach: "watch",
  stop: "cancel",
  kill: "cancel",
  delete: "cancel",
  rerun: "retry",
}));

/** @throws {RangeError} if there is no such command. */
function commandOf(name: string): Command {
  const known = COMMANDS.find((command) => command.name === name);
  if (known) return known;
  const names = COMMANDS.map((command) => command.name);
  const meant = ELSEWHERE.get(name) ?? nearest(name, names);
  throw new RangeError(
    `Cannot ${visibleText(name)}: ${
      meant ? `there is no such command, did you mean ${meant}?` : `the commands are ${names.join(", ")}`
    }`,
  );
}

function isHelp(word: string): boolean {
  return word === "help" || word === "--help" || word === "-h";
}
