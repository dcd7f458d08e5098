/**
 * `deno task demo`: the whole system on this machine with nothing to set up, and a sample workflow to watch.
 *
 * @module
 */
import { type DemoOptions, demoOptions, USAGE } from "./demo/options.ts";
import { Terminal } from "./demo/terminal.ts";

async function main(): Promise<number> {
  const terminal = Terminal.ours();
  let options: DemoOptions;
  try {
    options = demoOptions(Deno.args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    terminal.line(USAGE);
    return 0;
  }
  // Said before anything else is loaded, so that people see at once that something happens.
  terminal.line(terminal.style("bold", "Event-driven job observability for ChRIS: starting the demo"));
  return await demo(options, terminal);
}

async function demo(options: DemoOptions, terminal: Terminal): Promise<number> {
  const stop = stopOnSignals(terminal);
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "chris-demo-" }));
  await Deno.chmod(dir, 0o711); // a server that runs as another user must get to its own folder in it
  terminal.line(terminal.style("dim", `Logs and data are in ${dir}\n`));
  const { runDemo } = await import("./demo/run_demo.ts");
  try {
    const code = await runDemo({ options, terminal, signal: stop, dir, env: Deno.env.toObject() });
    if (code === 0 || stop.aborted) await remove(dir);
    else terminal.line(`The logs are kept in ${dir}`);
    return code;
  } catch (error) {
    if (stop.aborted) {
      await remove(dir);
      return 130;
    }
    terminal.warn("demo", error instanceof Error ? error.message : String(error));
    terminal.line(`The logs are kept in ${dir}`);
    return 1;
  }
}

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP. A later one ends us, and with us all we started. What follows
 * within a second is the same wish once more: a terminal tells us, and so does the task runner that it tells.
 */
function stopOnSignals(terminal: Terminal): AbortSignal {
  const stop = new AbortController();
  let since = 0;
  for (const [name, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) {
    Deno.addSignalListener(name, () => {
      if (!stop.signal.aborted) {
        since = performance.now();
        terminal.line("\nStopping; once more to end at once.");
        stop.abort();
      } else if (name !== "SIGHUP" && performance.now() - since > SAME_WISH_MS) {
        Deno.exit(128 + number);
      }
    });
  }
  return stop.signal;
}

const SAME_WISH_MS = 1_000;

async function remove(dir: string): Promise<void> {
  // A container may have left files that are not ours to delete.
  await Deno.remove(dir, { recursive: true }).catch(() => {});
}

if (import.meta.main) Deno.exit(await main());
