/**
 * The frame of every process: settings, logging, signals, health, exit code. Called by each `main.ts` only.
 *
 * @module
 */
import type { z } from "@zod/zod";
import { ConfigError, readConfig } from "./config.ts";
import { Health, pathOf } from "./health.ts";
import { createLogger, type Logger } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { OutageError } from "./outage_error.ts";
import { addProcessMetrics } from "./process_metrics.ts";
import type { processSettings } from "./process_settings.ts";
import { sleep } from "./sleep.ts";

/** What a process body gets. */
export interface ProcessContext<Config> {
  readonly config: Readonly<Config>;
  readonly log: Logger;
  /** Aborts at the first SIGTERM or SIGINT: take nothing new, finish what is in hand. */
  readonly signal: AbortSignal;
  readonly health: Health;
  /** What is told at `GET /metrics`. */
  readonly metrics: Metrics;
}

/**
 * Reads the settings from the environment, runs `body` until it resolves, and exits: 0 after a clean end,
 * 1 after a fault or when the grace period ran out, 2 when the settings cannot work. A second signal exits at
 * once with 128 + its number. `faults` tells what is wrong with settings that are well by themselves.
 *
 * A stop does not wait for an outage to end: what is unfinished because a dependency is away stays where it is,
 * for the next process, and the exit is clean.
 */
export async function runMain<Shape extends z.ZodRawShape & typeof processSettings>(
  name: string,
  Config: z.ZodObject<Shape>,
  body: (context: ProcessContext<z.infer<z.ZodObject<Shape>>>) => Promise<void>,
  options: { faults?: (config: z.infer<z.ZodObject<Shape>>) => string[] } = {},
): Promise<never> {
  const config = readConfigOrExit(Config, options.faults);
  const settings = config as unknown as z.infer<z.ZodObject<typeof processSettings>>;
  const log = createLogger(name, settings.LOG_LEVEL);
  const stop = stopOnSignals(log, settings.SHUTDOWN_GRACE_SECONDS * 1_000);
  const health = new Health();
  stop.signal.addEventListener("abort", () => health.stop(), { once: true });
  const metrics = new Metrics();
  addProcessMetrics(metrics, { worker: name, health });
  let code = 0;
  try {
    await using _server = serveHealth({ health, metrics }, settings, log);
    log.info({ pid: Deno.pid }, "started");
    const context = { config, log, signal: stop.signal, health, metrics };
    await Promise.race([
      body(context),
      stoppedInOutage(health, stop.signal, settings.SHUTDOWN_GRACE_SECONDS * 1_000),
    ]);
    if (!stop.signal.aborted) throw new Error(`Cannot keep running: ${name} ended without being asked to`);
    log.info("stopped");
  } catch (error) {
    if (stop.signal.aborted && isOfStop(error, stop.signal)) {
      log.info({ error: String(error) }, "stopped while a dependency was unavailable");
    } else {
      log.error({ error }, "ended by a fault");
      code = 1;
    }
  }
  Deno.exit(code);
}

function readConfigOrExit<Shape extends z.ZodRawShape>(
  Config: z.ZodObject<Shape>,
  faultsOf: (config: z.infer<z.ZodObject<Shape>>) => string[] = () => [],
) {
  try {
    const env = Object.fromEntries(Object.keys(Config.shape).map((name) => [name, Deno.env.get(name)]));
    const config = readConfig(Config, env);
    const faults = faultsOf(config as z.infer<z.ZodObject<Shape>>);
    if (faults.length > 0) throw new ConfigError(faults);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}

/** Arms the watchdog that bounds the whole shutdown, and the way out of a second signal. */
function stopOnSignals(log: Logger, graceMs: number): AbortController {
  const stop = new AbortController();
  for (const [name, number] of [["SIGTERM", 15], ["SIGINT", 2]] as const) {
    Deno.addSignalListener(name, () => {
      if (stop.signal.aborted) Deno.exit(128 + number);
      log.info({ signal: name, grace_ms: graceMs }, "stopping");
      stop.abort();
      const watchdog = setTimeout(() => {
        log.error({ grace_ms: graceMs }, "gave up work that did not finish within the grace period");
        Deno.exit(1);
      }, graceMs);
      Deno.unrefTimer(watchdog);
    });
  }
  return stop;
}

/** Whether a stop in the middle of waiting leaves this error behind. */
function isOfStop(error: unknown, signal: AbortSignal): boolean {
  if (error instanceof AggregateError) return error.errors.every((part) => isOfStop(part, signal));
  return error instanceof OutageError || error === signal.reason;
}

/** A dependency that is away this long after the signal to stop is not waited for (ms). */
const OUTAGE_PATIENCE_MS = 4_000;

/**
 * Rejects when, after `signal` has aborted, one dependency has been away for a while: calls to it may wait
 * for as long as it is away.
 */
async function stoppedInOutage(health: Health, signal: AbortSignal, graceMs: number): Promise<never> {
  await aborted(signal);
  const patienceMs = Math.min(OUTAGE_PATIENCE_MS, graceMs / 2);
  const awaySince = new Map<string, number>();
  for (;;) {
    const asked = performance.now();
    const { dependencies } = await health.ready();
    for (const [name, state] of Object.entries(dependencies)) {
      if (state === "ok") awaySince.delete(name);
      else if (!awaySince.has(name)) awaySince.set(name, asked);
    }
    const away = [...awaySince].filter(([, since]) => performance.now() - since >= patienceMs);
    if (away.length > 0) {
      throw new OutageError(away.map(([name]) => name).join(", "), "finish what is in hand");
    }
    await sleep(200);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function serveHealth(
  { health, metrics }: { health: Health; metrics: Metrics },
  settings: { HEALTH_PORT?: number | undefined; HEALTH_HOST: string },
  log: Logger,
): AsyncDisposable {
  if (settings.HEALTH_PORT === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const server = Deno.serve(
    {
      port: settings.HEALTH_PORT,
      hostname: settings.HEALTH_HOST,
      onListen: ({ hostname, port }) => log.info({ hostname, port }, "health server listens"),
    },
    (request) =>
      pathOf(request) === "/metrics" ? metrics.answer(request.headers.get("accept")) : health.answer(request),
  );
  // A client that dawdles holds nobody up.
  return { [Symbol.asyncDispose]: () => Promise.race([server.shutdown(), sleep(1_000)]) };
}
