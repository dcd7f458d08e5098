/**
 * `deno task test`: all tests, level by level, with what they need. The last line says how it went.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type Counts, countsText, sumCounts } from "./run/junit_counts.ts";
import { type LevelName, LEVELS, LEVELS_WITH_SERVERS, levelsOf } from "./run/levels.ts";
import { CannotTestError, prepare, type Prepared } from "./run/prepare.ts";
import { runLevel } from "./run/run_level.ts";

const USAGE = `Usage: deno task test [--level LIST] [--filter TEXT] [--verbose] [--help] [FILE…]

Runs the tests: ${Object.keys(LEVELS).join(", ")}. Servers are started as needed, each private to its test.

  --level LIST   only these levels, divided by commas
  --filter TEXT  only tests with this text in their name (/…/ for a regular expression)
  --verbose      show the output of levels that passed, too, and where leaks began
  FILE…          only these files; needs --level with one level

DOCKER_HOST names the Docker Engine that some tests use. Where none answers and dockerd is installed, root gets
one for the run; else those tests are skipped, unless REQUIRE_DOCKER=1.`;

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parse(Deno.args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const dir = await Deno.makeTempDir({ prefix: "chris-tests-" });
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());
  try {
    const code = await runAll(options, dir, stop.signal);
    return stop.signal.aborted ? 130 : code;
  } finally {
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  }
}

interface Options {
  readonly levels: readonly LevelName[];
  readonly filter?: string;
  readonly files?: readonly string[];
  readonly verbose: boolean;
  readonly help: boolean;
}

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      level: { type: "string", default: Object.keys(LEVELS).join(",") },
      filter: { type: "string" },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const levels = levelsOf(values.level);
  if (positionals.length > 0 && levels.length !== 1) {
    throw new RangeError("Cannot run files without one --level");
  }
  return {
    levels,
    verbose: values.verbose,
    help: values.help,
    ...(values.filter ? { filter: values.filter } : {}),
    ...(positionals.length > 0 ? { files: positionals } : {}),
  };
}

async function runAll(options: Options, dir: string, signal: AbortSignal): Promise<number> {
  const needsServers = options.levels.some((level) => LEVELS_WITH_SERVERS.includes(level));
  let prepared: Prepared | null;
  try {
    prepared = needsServers ? await prepare(dir, Deno.env.toObject(), (text) => console.log(text)) : null;
  } catch (error) {
    if (!(error instanceof CannotTestError)) throw error;
    console.error(error.message);
    console.log(countsText({ passed: 0, failed: 1, skipped: 0 }));
    return 1;
  }
  const results: Counts[] = [];
  {
    await using machine = prepared ??
      { env: {}, missing: [], [Symbol.asyncDispose]: () => Promise.resolve() };
    for (const level of options.levels) {
      if (!signal.aborted) results.push(await report(level, options, dir, { ...machine, signal }));
    }
  }
  const sum = sumCounts(results);
  console.log(`\n${countsText(sum)}`);
  return sum.failed > 0 ? 1 : 0;
}

async function report(
  level: LevelName,
  options: Options,
  dir: string,
  machine: Pick<Prepared, "env" | "missing"> & { signal: AbortSignal },
): Promise<Counts> {
  console.log(`${level}: running`);
  const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
  const { filter, files } = options;
  const result = await runLevel(level, {
    dir,
    root,
    env: machine.env,
    signal: machine.signal,
    traceLeaks: options.verbose,
    ...(filter ? { filter } : {}),
    ...(files ? { files } : {}),
    say: (text) => console.log(`${level}: ${text}`),
  });
  if (options.verbose) console.log(indented(result.output));
  else if (result.failed > 0) console.log(indented(failuresIn(result.output)));
  const reasons = filter ? "left out by --filter" : machine.missing.join("; ") || "marked so in their files";
  const why = result.skipped > 0 ? ` (${reasons})` : "";
  console.log(`${level}: ${countsText(result)}${why} in ${result.seconds.toFixed(1)} s`);
  return result;
}

/** What `deno test` says about failures at its end; which there were and the last lines if it did not get there. */
function failuresIn(output: string): string {
  const at = output.lastIndexOf("\n ERRORS ");
  if (at >= 0) return output.slice(at + 1);
  const lines = output.split("\n");
  const failed = lines.slice(0, -60).filter((line) => / \.\.\. FAILED/.test(line));
  return [...failed, ...lines.slice(-60)].join("\n");
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

if (import.meta.main) Deno.exit(await main());
