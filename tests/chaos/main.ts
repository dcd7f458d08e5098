/**
 * `deno task chaos`: attacks the whole system and tells whether it kept its promises.
 *
 * @module
 */
import { check, violations } from "./check.ts";
import type { Violation } from "./check/violation.ts";
import { OVER_WITHIN_MS } from "./observe.ts";
import {
  chaosCommand,
  chaosHelp,
  type ChaosOptions,
  chaosOptions,
  faultList,
  UsageError,
} from "./options.ts";
import type { Planted } from "./plant.ts";
import { Progress } from "./progress.ts";
import { Random } from "./random.ts";
import { makeReport, type Report, reportText } from "./report.ts";
import { runChaos } from "./run_chaos.ts";
import { startWorld } from "./start_world.ts";
import type { AttackableWorld } from "./world/attackable_world.ts";
import { GRACE_SECONDS } from "./world/settings.ts";

/** Exit codes. */
const KEPT = 0, BROKEN = 1, MISUSED = 2, FAILED = 3, INTERRUPTED = 130;

/** Does what the command line says; the exit code. */
async function main(args: readonly string[]): Promise<number> {
  let options: ChaosOptions;
  try {
    options = chaosOptions(args, freshSeed());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}. Try --help`);
    return MISUSED;
  }
  if (options.help || options.listFaults) {
    console.log(options.help ? chaosHelp() : faultList());
    return KEPT;
  }
  const dockerHost = Deno.env.get("DOCKER_HOST") || "unix:///var/run/docker.sock";
  const stop = stopOnSignals();
  try {
    const report = await attackOnce(options, dockerHost, stop);
    console.log(reportText(report));
    if (options.json) await Deno.writeTextFile(options.json, JSON.stringify(report, null, 2) + "\n");
    return report.violations.length > 0 ? BROKEN : KEPT;
  } catch (error) {
    if (stop.aborted) {
      console.error("Stopped; nothing is left running.");
      return INTERRUPTED;
    }
    console.error("The harness itself failed:", error);
    return FAILED;
  }
}

/** One run from start to end; when it returns or throws, nothing is left. */
async function attackOnce(options: ChaosOptions, dockerHost: string, signal: AbortSignal): Promise<Report> {
  const { seed, minutes, quiet } = options;
  const random = new Random(seed);
  const progress = new Progress({
    write: quiet ? () => {} : console.error,
    colours: Deno.stderr.isTerminal() && !Deno.noColor,
  });
  const command = chaosCommand(options);
  progress.say("world", command);
  const say = (text: string) => progress.say("world", text);
  await using world = await startWorld({ dockerHost, random: random.fork("world"), say, signal });
  try {
    const run = runChaos(world, { ...options, random, progress, signal });
    const { truths, observations, faults, planted } = await inTime(run, minutes, signal);
    const limits = { graceMs: GRACE_SECONDS * 1_000, overWithinMs: OVER_WITHIN_MS };
    const results = check(truths, observations, limits);
    const plants = options.plants.map(({ name }) => name);
    if (options.keepLogs || violations(results).length > 0) {
      const seen = JSON.stringify({ truths, faults, observations });
      await Deno.writeTextFile(`${world.logDir}/observations.json`, seen);
      keepLogs(world, progress);
    }
    requireFound(planted, violations(results));
    return makeReport({ seed, minutes, command, truths, observations, faults, plants, results });
  } catch (error) {
    if (!signal.aborted) keepLogs(world, progress);
    throw error;
  }
}

/** @throws {Error} if the checker is blind to something that was broken on purpose. */
function requireFound(planted: readonly Planted[], found: readonly Violation[]): void {
  const missed = planted.filter(({ plant, subject }) =>
    !found.some((violation) => violation.guarantee === plant.guarantee && violation.subject === subject)
  );
  if (missed.length === 0) return;
  throw new Error(
    `Cannot find what was broken on purpose: ${missed.map(({ plant }) => plant.name).join(", ")}`,
  );
}

/** Time that a run may take beside its load (ms): the start of late orders, the end of workflows, the reading. */
const BESIDE_MS = 900_000;
/** Time that a run may take to end when it is told to (ms). */
const LAST_MS = 15_000;

/** A run that hangs, or does not hear that it is to stop, must not keep the world from being taken down. */
async function inTime<T>(run: Promise<T>, minutes: number, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const fail = (what: string) => late.reject(new Error(`Cannot end the run: ${what}`));
  const limit = setTimeout(() => fail("it hangs"), minutes * 60_000 + BESIDE_MS);
  const stop = () => void setTimeout(() => fail("it does not stop"), LAST_MS);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([run, late.promise]);
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", stop);
  }
}

function keepLogs(world: AttackableWorld, progress: Progress): void {
  world.keepLogs();
  progress.say("bad", `the logs of all processes, and what was seen, are kept in ${world.logDir}`);
}

/** Aborts at the first SIGINT or SIGTERM; a second one ends at once, and may leave containers. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      if (stop.signal.aborted) Deno.exit(INTERRUPTED);
      console.error("Stopping; once more to end at once");
      stop.abort();
    });
  }
  return stop.signal;
}

function freshSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
