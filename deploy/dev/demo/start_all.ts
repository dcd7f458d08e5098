/**
 * Starting everything the demo consists of.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import { findEngine } from "../docker_client.ts";
import { freePort } from "../services/free_port.ts";
import { provideCompute, removeContainers } from "./compute.ts";
import { type DemoContext, StoppedError } from "./demo_context.ts";
import { providePfcon } from "./provide_pfcon.ts";
import type { ProvideOptions } from "./provided.ts";
import { provideServer } from "./provide_server.ts";
import { POSTGRES, REDIS } from "./server_kinds.ts";
import { demoWorkers } from "./start_workers.ts";
import type { DemoAddresses } from "./worker_settings.ts";
import { tend, tended, timed } from "./tend.ts";

/** How long a start in hand may go on after people wanted the end (ms), so that it can be ended in order. */
const LAST_START_MS = 4_000;

/** A started demo. Disposing stops all of it, in reverse order of the start. */
export interface Running extends AsyncDisposable {
  readonly api: string;
  readonly image: string;
}

/** Starts everything. @throws {StoppedError} if people want the end before all is up; what was begun is stopped. */
export async function startAll(context: DemoContext): Promise<Running> {
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
    timed(context, "redis", async () => tended(stack, context, await provideServer(REDIS, needs("redis")))),
    timed(
      context,
      "postgres",
      async () => tended(stack, context, await provideServer(POSTGRES, needs("postgres"))),
    ),
    startComputing(stack, context, needs),
  ]);
  const uiPort = context.options.port || freePort();
  const addresses: DemoAddresses = {
    redis: redis.address,
    postgres: postgres.address,
    docker: compute.engine.host,
    label: labelOf(context),
    pfcon: { url: pfcon.address, user: pfcon.user, password: pfcon.password },
    image: compute.image,
    uiPort,
  };
  // For programs that look at a running demo from outside. It holds passwords.
  await Deno.writeTextFile(`${dir}/addresses.json`, JSON.stringify(addresses, null, 2), { mode: 0o600 });
  const workers = await demoWorkers(addresses, dir, env);
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
    tended(stack, context, engine);
    // A shared engine outlives us: what a cut-off workflow left there is ours to remove, where the label is ours.
    if (engine.kind === "docker" && !context.env.PFCON_URL) {
      stack.defer(async () => void await removeContainers(engine.host, label));
    }
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
