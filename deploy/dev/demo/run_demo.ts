/**
 * The demo: everything on this machine, from the servers to a sample workflow.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import { findEngine } from "../docker_client.ts";
import { freePort } from "../services/free_port.ts";
import { provideCompute, removeContainers } from "./compute.ts";
import { keepRunning, type Part } from "./keep_running.ts";
import type { DemoOptions } from "./options.ts";
import { providePfcon } from "./provide_pfcon.ts";
import { providePostgres } from "./provide_postgres.ts";
import type { ProvideOptions } from "./provided.ts";
import { provideRedis } from "./provide_redis.ts";
import { runSample } from "./run_sample.ts";
import { demoWorkers } from "./start_workers.ts";
import type { Terminal } from "./terminal.ts";

/** What the demo works with. */
export interface DemoContext {
  readonly options: DemoOptions;
  readonly terminal: Terminal;
  /** Aborts when people want it to end. */
  readonly signal: AbortSignal;
  /** An existing folder of the demo's own. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** People wanted the demo to end before everything was up. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** How long a start in hand may go on after people wanted the end (ms), so that it can be ended in order. */
const LAST_START_MS = 4_000;

/** A started demo. Disposing stops all of it, in reverse order of the start. */
interface Running extends AsyncDisposable {
  readonly api: string;
  readonly image: string;
}

/** Starts everything, runs the sample, waits for the end if so asked; the exit code. */
export async function runDemo(context: DemoContext): Promise<number> {
  const { options, terminal, signal } = context;
  await using running = await startAll(context);
  terminal.line(`\n${terminal.style("bold", "The web page is at")} ${terminal.style("cyan", running.api)}`);
  let fault: string | null = null;
  if (options.sample) {
    fault = await runSample(running.api, running.image, { terminal, signal });
    if (signal.aborted) return 130;
    terminal.line();
    if (fault) terminal.warn("sample", `did not end as it should: ${fault}`);
    else terminal.done("sample", "ended as it should");
  }
  if (options.once) return fault ? 1 : 0;
  terminal.line(`\nUp at ${terminal.style("cyan", running.api)} until Ctrl-C.`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return 0;
}

/** Starts everything. @throws {StoppedError} if people want the end before all is up; what was begun is stopped. */
async function startAll(context: DemoContext): Promise<Running> {
  await using stack = new AsyncDisposableStack();
  const starting = startParts(stack, context);
  const stopped = new Promise<void>((resolve) => {
    if (context.signal.aborted) resolve();
    context.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([starting, stopped]);
  if (context.signal.aborted) {
    await Promise.race([starting.catch(() => {}), sleep(LAST_START_MS)]);
    throw new StoppedError("Cannot go on: asked to stop");
  }
  const parts = await starting;
  const everything = stack.move();
  return { ...parts, [Symbol.asyncDispose]: () => everything.disposeAsync() };
}

async function startParts(
  stack: AsyncDisposableStack,
  context: DemoContext,
): Promise<{ api: string; image: string }> {
  const { terminal, dir, env } = context;
  const engine = await findEngine(env);
  const needs = (name: string): ProvideOptions => ({
    dir: `${dir}/${name}`,
    env,
    dockerHost: engine?.host ?? null,
    say: (text) => terminal.progress(name, text),
  });
  const [redis, postgres, { compute, pfcon }] = await Promise.all([
    timed(context, "redis", async () => tended(stack, context, await provideRedis(needs("redis")))),
    timed(context, "postgres", async () => tended(stack, context, await providePostgres(needs("postgres")))),
    startComputing(stack, context, needs),
  ]);
  const uiPort = context.options.port || freePort();
  const workers = await demoWorkers(
    {
      redis: redis.address,
      postgres: postgres.address,
      docker: compute.engine.host,
      label: labelOf(context),
      pfcon: { url: pfcon.address, user: pfcon.user, password: pfcon.password },
      image: compute.image,
      uiPort,
    },
    dir,
    env,
  );
  const stops = workers.map((worker) => () => worker.stop());
  stack.defer(async () => void await Promise.all(stops.map((stop) => stop())));
  await Promise.all(workers.map((worker, index) =>
    timed(context, worker.name, async () => {
      await worker.start();
      stops[index] = tend(context, worker);
      return { description: `ready, process ${worker.pid}` };
    })
  ));
  return { api: `http://127.0.0.1:${uiPort}`, image: compute.image };
}

/** The engine, then the control plane that uses it. */
async function startComputing(
  stack: AsyncDisposableStack,
  context: DemoContext,
  needs: (name: string) => ProvideOptions,
) {
  const label = labelOf(context);
  const compute = await timed(context, "containers", async () => {
    const { engine, image } = await provideCompute(needs("containers"));
    stack.use(engine);
    // A shared engine outlives us: what a cut-off workflow left there is ours to remove.
    if (engine.kind === "docker") stack.defer(async () => void await removeContainers(engine.host, label));
    return { engine, image, description: `${engine.description}, image ${image}` };
  });
  const pfcon = await timed(context, "pfcon", async () => {
    return tended(stack, context, await providePfcon(needs("pfcon"), compute, label));
  });
  return { compute, pfcon };
}

/** The label of this demo's containers: its own where the stand-in makes them, else what pfcon is set to. */
function labelOf({ dir, env }: DemoContext): string {
  const filter = env.DOCKER_LABEL_FILTER || "org.chrisproject.miniChRIS";
  if (env.PFCON_URL) return `${filter}=${env.DOCKER_LABEL_VALUE || "plugininstance"}`;
  return `${filter}=${dir.split("/").at(-1)}`;
}

async function timed<T extends { description: string }>(
  { terminal, dir, signal }: DemoContext,
  name: string,
  action: () => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new StoppedError("Cannot go on: asked to stop");
  const startedAt = performance.now();
  await Deno.mkdir(`${dir}/${name}`, { recursive: true });
  const slow = setTimeout(() => terminal.progress(name, "still starting"), 5_000);
  try {
    const result = await action();
    if (!signal.aborted) terminal.done(name, result.description, performance.now() - startedAt);
    return result;
  } finally {
    clearTimeout(slow);
  }
}

function tended<T extends AsyncDisposable & { part?: Part }>(
  stack: AsyncDisposableStack,
  context: DemoContext,
  provided: T,
): T {
  stack.use(provided);
  if (provided.part) stack.defer(tend(context, provided.part));
  return provided;
}

/** Starts a part again whenever it dies, until the returned function stops it. */
function tend({ terminal, signal }: DemoContext, part: Part): () => Promise<void> {
  const stop = new AbortController();
  const kept = keepRunning(part, {
    signal: AbortSignal.any([stop.signal, signal]),
    say: (text) => terminal.warn(part.name, text),
  });
  return async () => {
    stop.abort();
    await part.stop();
    await kept;
  };
}
