/**
 * `deno task fuzz`: attacks the HTTP service with requests made up from its own OpenAPI document.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fuzz, type FuzzReport } from "./fuzz.ts";
import { startFuzzTarget } from "./target.ts";

const USAGE = `Attack the SSE and REST service with requests made up from its /openapi.json:
  deno task fuzz [--seed S] [--minutes M] [--tokens]

Starts the application on a Redis and Postgres of its own, with jobs, lines and dead letters in it. Every answer must
come, must be no 5xx, and must be one that the document describes: of every path by its methods and by others, events
of streams included.

  --seed S       number that all chance comes from (default: a fresh one, which is printed)
  --minutes M    how long (default: 10)
  --tokens       the service asks for tokens; requests have good, limited, broken and no ones, and nobody may get what is
                 not for them

Ends with 0: all answers were right; 1: one was not (the request is printed as a curl command); 2: the command line
cannot work.`;

/** A progress line is written so often (ms). */
const PROGRESS_MS = 10_000;

/** Reads the command line. @throws {TypeError} if it cannot work. */
function optionsOf(args: string[]): { seed: number; minutes: number; tokens: boolean; help: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
      minutes: { type: "string", default: "10" },
      tokens: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new TypeError(`--seed is ${values.seed}: expected a whole number below 2^32`);
  }
  if (!(minutes > 0 && minutes <= 1_440)) {
    throw new TypeError(`--minutes is ${values.minutes}: expected 0 to 1440`);
  }
  return { seed, minutes, tokens: values.tokens, help: values.help };
}

/** Runs it; the exit code. */
async function main(args: string[]): Promise<number> {
  let options;
  try {
    options = optionsOf(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const { seed, minutes, tokens } = options;
  await using target = await startFuzzTarget({ tokens });
  console.error(`Attacking ${target.origin} for ${minutes} minutes, seed ${seed}`);
  let count = 0;
  const progress = setInterval(() => console.error(`${count} requests`), PROGRESS_MS);
  try {
    const report = await fuzz({ ...target, seed, durationMs: minutes * 60_000, onRequest: (n) => count = n });
    printReport(report, `deno task fuzz --seed ${seed} --minutes ${minutes}${tokens ? " --tokens" : ""}`);
    return report.failure ? 1 : 0;
  } finally {
    clearInterval(progress);
  }
}

function printReport(report: FuzzReport, command: string): void {
  for (const [key, count] of [...report.answers].sort()) console.log(`${String(count).padStart(8)}  ${key}`);
  console.log(`\n${report.requests} requests`);
  if (!report.failure) return console.log("ok: every answer came and is one that the document describes");
  console.log(`FAILED: ${report.failure.fault}\n${report.failure.request}`);
  console.log(`Again: ${command}`);
}

Deno.exit(await main(Deno.args));
