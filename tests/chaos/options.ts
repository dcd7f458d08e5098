/**
 * The command line of the chaos harness.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { ALL_FAULTS, faultsOf } from "./faults/all_faults.ts";
import type { Fault } from "./faults/fault.ts";
import { PLANTS, plantsOf } from "./plant.ts";
import type { Plant } from "./plant/plant.ts";

/** What the command line says. */
export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly faults: readonly Fault[];
  readonly jobsPerMinute: number;
  /** What is broken on purpose. */
  readonly plants: readonly Plant[];
  /** Where the report goes as JSON; null: nowhere. */
  readonly json: string | null;
  /** Whether the logs of all processes are kept even if there is no violation. */
  readonly keepLogs: boolean;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly listFaults: boolean;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the command line; `freshSeed` is used if none is given. @throws {UsageError} */
export function chaosOptions(args: readonly string[], freshSeed: number): ChaosOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        "seed": { type: "string", default: String(freshSeed) },
        "minutes": { type: "string", default: "3" },
        "faults": { type: "string", default: "all" },
        "jobs-per-minute": { type: "string", default: "12" },
        "plant": { type: "string" },
        "json": { type: "string" },
        "keep-logs": { type: "boolean", default: false },
        "quiet": { type: "boolean", default: false },
        "help": { type: "boolean", short: "h", default: false },
        "list-faults": { type: "boolean", default: false },
      },
    });
    return {
      seed: seedOf(values.seed),
      minutes: numberOf("--minutes", values.minutes, 0.1, 10_000),
      faults: faultsOf(values.faults),
      jobsPerMinute: numberOf("--jobs-per-minute", values["jobs-per-minute"], 0.1, 10_000),
      plants: values.plant === undefined ? [] : plantsOf(values.plant),
      json: values.json ?? null,
      keepLogs: values["keep-logs"],
      quiet: values.quiet,
      help: values.help,
      listFaults: values["list-faults"],
    };
  } catch (cause) {
    const error = cause as Error;
    throw new UsageError(error.message, { cause });
  }
}

/** The command that does the same again. */
export function chaosCommand({ seed, minutes, faults, jobsPerMinute, plants }: ChaosOptions): string {
  const names = faults.length === ALL_FAULTS.length
    ? "all"
    : faults.map(({ name }) => name).join(",") || "none";
  const plant = plants.length === PLANTS.length
    ? "all"
    : plants.length > 1
    ? plants[0]?.guarantee
    : plants[0]?.name;
  return `deno task chaos --seed ${seed} --minutes ${minutes} --faults ${names} ` +
    `--jobs-per-minute ${jobsPerMinute}${plant ? ` --plant ${plant}` : ""}`;
}

/** `--help`. */
export function chaosHelp(): string {
  return `Attack the whole system and see whether it keeps its promises:
  deno task chaos [--seed S] [--minutes M] [--faults LIST] [more]

Real workers, Redis, Postgres and containers (of the engine at DOCKER_HOST) do real jobs while faults are injected;
then it is compared what the containers did with what streams, HTTP and tables tell of it.

  --seed S             number that all chance comes from (default: a fresh one, which is printed)
  --minutes M          how long there is load (default: 3); the end takes up to two minutes more
  --faults LIST        all (default), none, or some of: ${ALL_FAULTS.map(({ name }) => name).join(", ")}
  --list-faults        say what each fault does
  --jobs-per-minute N  load (default: 12)
  --plant G            break a guarantee on purpose, to see that this is found: all, a guarantee such as G1, or one of
                       ${PLANTS.map(({ name }) => name).join(", ")}
  --json FILE          write the report to a file, too
  --keep-logs          keep the logs of all processes also if there is no violation
  --quiet              print the report only

Ends with 0: no violation; 1: a violation; 2: the command line cannot work; 3: the harness itself failed.`;
}

/** `--list-faults`. */
export function faultList(): string {
  const width = Math.max(...ALL_FAULTS.map(({ name }) => name.length));
  return ALL_FAULTS.map(({ name, about }) => `${name.padEnd(width)}  ${about}`).join("\n");
}

function numberOf(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high)) {
    throw new RangeError(`Cannot use ${option} ${text}: expected a number from ${low} to ${high}`);
  }
  return value;
}

function seedOf(text: string): number {
  const seed = numberOf("--seed", text, 0, 2 ** 32 - 1);
  if (!Number.isInteger(seed)) throw new RangeError(`Cannot use --seed ${text}: expected a whole number`);
  return seed;
}
