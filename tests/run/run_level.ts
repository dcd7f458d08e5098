/**
 * One level of tests: `deno test` in a process of its own, and what came of it.
 *
 * @module
 */
import { BackgroundProcess } from "../../deploy/dev/services/background_process.ts";
import { sleep } from "lib/run/sleep.ts";
import { type Counts, junitCounts, outputCounts } from "./junit_counts.ts";
import { type Level, type LevelName, LEVELS } from "./levels.ts";

/** How a level is run. */
export interface RunLevelOptions {
  /** An existing folder of ours, for reports and output. */
  readonly dir: string;
  /** The project's folder. */
  readonly root: string;
  /** Variables that the tests get beside our own. */
  readonly env: Record<string, string>;
  /** Only tests with this in their name. */
  readonly filter?: string;
  /** Only these files. */
  readonly files?: readonly string[];
  /** Says where each leak began; every asynchronous operation costs more then. */
  readonly traceLeaks: boolean;
  /** Ends the level when it aborts. */
  readonly signal: AbortSignal;
  /** Told now and then that it still runs. */
  readonly say: (text: string) => void;
}

/** What came of a level. */
export interface LevelResult extends Counts {
  /** Everything the tests wrote. */
  readonly output: string;
  readonly seconds: number;
}

/** Pause between two signs of life (ms). */
const STILL_RUNNING_MS = 30_000;

/** Runs a level to its end, or ends it when its time is up, which counts as a failure. */
export async function runLevel(level: LevelName, options: RunLevelOptions): Promise<LevelResult> {
  const { paths, parallel, jobs, minutes }: Level = LEVELS[level];
  const reportFile = `${options.dir}/${level}.xml`;
  const startedAt = performance.now();
  const tests = new BackgroundProcess({
    name: `${level} tests`,
    command: Deno.execPath(),
    args: ["test", "-A", "--no-check", "--permit-no-files", `--junit-path=${reportFile}`]
      .concat(parallel ? ["--parallel"] : [], options.traceLeaks ? ["--trace-leaks"] : [])
      .concat(options.filter ? [`--filter=${options.filter}`] : [])
      .concat(options.files ?? paths),
    cwd: options.root,
    env: { ...options.env, NO_COLOR: "1", ...(jobs ? { DENO_JOBS: String(jobs) } : {}) },
    logFile: `${options.dir}/${level}.log`,
  });
  const over = new AbortController();
  const signsOfLife = (async () => {
    for (let passed = STILL_RUNNING_MS; !over.signal.aborted; passed += STILL_RUNNING_MS) {
      await sleep(STILL_RUNNING_MS, over.signal);
      if (!over.signal.aborted) options.say(`still running after ${passed / 1000} s`);
    }
  })();
  await Promise.race([tests.ended, sleep(minutes * 60_000, AbortSignal.any([over.signal, options.signal]))]);
  over.abort();
  const cut = tests.status === null;
  const status = await tests.stop(10_000);
  await signsOfLife;
  const output = await Deno.readTextFile(tests.logFile);
  const report = await Deno.readTextFile(reportFile).catch(() => null);
  const counts = report === null ? outputCounts(output) : junitCounts(report);
  // A file that could not even be loaded is in no report.
  const unreported = cut || (!status.success && counts.failed === 0) ? 1 : 0;
  return {
    ...counts,
    failed: counts.failed + unreported,
    output: cut && !options.signal.aborted
      ? `${output}\nEnded after ${minutes} minutes: no level may take longer`
      : output,
    seconds: (performance.now() - startedAt) / 1000,
  };
}
