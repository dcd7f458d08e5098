import { parseArgs, type ParseArgsConfig } from "node:util";
import { nearest } from "../command/nearest.ts";
import { FLAG, TEXT } from "../command/option.ts";
import type { CommonOptions } from "./command.ts";

const COMMON = { "url": TEXT, "token-file": TEXT, "json": FLAG } as const;

/** Said at the end of every command's help. */
export const COMMON_USAGE = `  --json              one JSON object per line
  --url URL           where the service is (default: CHRIS_URL, else http://127.0.0.1:8080)
  --token-file FILE   file with the token to use (default: the variable CHRIS_TOKEN); - is standard input; a file is
                      read again when its token has expired`;

type KnownOptions = NonNullable<ParseArgsConfig["options"]>;

/**
 * Reads a command's options beside those that all have. What follows an option with a value is that value, also if it
 * begins with a dash, as arguments for a program do.
 *
 * @throws {RangeError} if there is an unknown option, or one lacks its value. @throws {TypeError} if a flag has one.
 */
export function parseCommand<const Options extends KnownOptions>(args: readonly string[], options: Options) {
  const known = { ...COMMON, ...options };
  return parseArgs({ args: withValues(args, known), options: known, allowPositionals: true });
}

/** The arguments with each value in one word with its option: parseArgs() would refuse one that begins with a dash. */
function withValues(args: readonly string[], known: KnownOptions): string[] {
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--") return [...words, ...args.slice(at)];
    const name = optionIn(arg, known);
    if (name === null || arg.includes("=") || known[name]?.type !== "string") {
      words.push(arg);
      continue;
    }
    const value = /^-[^-]./.test(arg) ? arg.slice(2) : args[++at];
    if (value === undefined) throw new RangeError(`Cannot use ${arg}: it needs a value`);
    if (value.startsWith("--") && Object.hasOwn(known, value.slice(2))) {
      throw new RangeError(`Cannot use ${arg}: it needs a value (${arg}=${value}, if that is it)`);
    }
    words.push(`--${name}=${value}`);
  }
  return words;
}

/** The option that a word names; null if it names none. @throws {RangeError} if there is no such option. */
function optionIn(word: string, known: KnownOptions): string | null {
  const [, long] = /^--([^=]+)/.exec(word) ?? [];
  const [, short] = /^-([^-])/.exec(word) ?? [];
  if (long === undefined && short === undefined) return null;
  const names = Object.keys(known);
  const name = names.find((each) => long === undefined ? known[each]?.short === short : each === long);
  if (name !== undefined) return name;
  const meant = long === undefined ? null : nearest(long, names);
  throw new RangeError(
    `Cannot use ${long === undefined ? `-${short}` : `--${long}`}: there is no such option${
      meant ? `, did you mean --${meant}?` : ""
    }`,
  );
}

/** What all commands know of the command line. `url`: where the service is unless the options say so. */
export function commonOptions(
  values: { url?: string | undefined; "token-file"?: string | undefined },
  url: string,
  inputFile: string | null = null,
): CommonOptions {
  return { url: values.url ?? url, tokenFile: values["token-file"] ?? null, inputFile };
}

/** The one job that a command is about. @throws {RangeError} if there is none, or several. */
export function oneJob(positionals: readonly string[], command: string): string {
  const [jobId, ...rest] = positionals;
  if (jobId === undefined) throw new RangeError(`Cannot ${command}: give a job's id`);
  if (rest.length > 0) throw new RangeError(`Cannot ${command} ${positionals.length} jobs: give one id`);
  return jobId;
}
