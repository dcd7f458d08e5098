import { parseArgs, type ParseArgsConfig } from "node:util";
import { nearest } from "../command/nearest.ts";
import type { CommonOptions } from "./command.ts";

/** A flag. */
export const FLAG = { type: "boolean", default: false } as const;
/** An option with a value. */
export const TEXT = { type: "string" } as const;
/** An option with a value that may be given several times. */
export const LIST = { type: "string", multiple: true } as const;

const COMMON = { "url": TEXT, "token-file": TEXT, "json": FLAG } as const;

/** Said at the end of every command's help. */
export const COMMON_USAGE = `  --json              one JSON object per line
  --url URL           where the service is (default: CHRIS_URL, else http://127.0.0.1:8080)
  --token-file FILE   file with the token to use (default: the variable CHRIS_TOKEN)`;

/**
 * Reads a command's options beside those that all have.
 *
 * @throws {RangeError} if there is an unknown option. @throws {TypeError} if one lacks its value.
 */
export function parseCommand<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  const known = { ...COMMON, ...options };
  const names = Object.keys(known);
  for (const [at, arg] of args.slice(0, args.includes("--") ? args.indexOf("--") : args.length).entries()) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    const before = known[args[at - 1]?.replace(/^--/, "") as keyof typeof known];
    // What follows an option with a value may be meant as one: parseArgs() tells how to write that.
    if (name === undefined || names.includes(name) || before?.type === "string") continue;
    const meant = nearest(name, names);
    throw new RangeError(
      `Cannot use --${name}: there is no such option${meant ? `, did you mean --${meant}?` : ""}`,
    );
  }
  return parseArgs({ args: [...args], options: known, allowPositionals: true });
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

/** A whole number from an option; undefined if it is not given. @throws {RangeError} if it is none. */
export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) {
    throw new RangeError(`Cannot use ${option} "${text}": expected a whole number`);
  }
  return Number(text);
}

/** One of several words from an option; undefined if it is not given. @throws {RangeError} if it is another. */
export function oneOf<const Word extends string>(
  option: string,
  text: string | undefined,
  words: readonly Word[],
): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((known) => known === text);
  if (!word) throw new RangeError(`Cannot use ${option} "${text}": expected ${words.join(", ")}`);
  return word;
}
