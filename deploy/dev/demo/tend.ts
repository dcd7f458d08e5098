/**
 * Starting the parts of the demo, telling of it, and keeping them up.
 *
 * @module
 */
import { type DemoContext, StoppedError } from "./demo_context.ts";
import { keepRunning, type Part } from "./keep_running.ts";

/** Does what starts a part and tells how long it took. @throws {StoppedError} if the end is wanted already. */
export async function timed<T extends { description: string }>(
  { terminal, dir, signal }: DemoContext,
  name: string,
  action: () => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new StoppedError("Cannot go on: asked to stop");
  const startedAt = performance.now();
  await Deno.mkdir(`${dir}/${name}`, { recursive: true });
  const slow = setTimeout(() => !signal.aborted && terminal.progress(name, "still starting"), 5_000);
  try {
    const result = await action();
    if (!signal.aborted) terminal.done(name, result.description, performance.now() - startedAt);
    return result;
  } finally {
    clearTimeout(slow);
  }
}

/** Hands a provided server to the stack, which will stop it, and keeps it up until then. */
export function tended<T extends AsyncDisposable & { part?: Part }>(
  stack: AsyncDisposableStack,
  context: DemoContext,
  provided: T,
): T {
  stack.use(provided);
  if (provided.part) stack.defer(tend(context, provided.part));
  return provided;
}

/** Starts a part again whenever it dies, until the returned function stops it. */
export function tend({ terminal, signal }: DemoContext, part: Part): () => Promise<void> {
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
