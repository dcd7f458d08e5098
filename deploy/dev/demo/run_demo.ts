/**
 * The demo: everything on this machine, from the servers to a sample workflow.
 *
 * @module
 */
import { requireFreePort } from "../services/free_port.ts";
import type { DemoContext } from "./demo_context.ts";
import { runSample } from "./run_sample.ts";
import { startAll } from "./start_all.ts";

/** Starts everything, runs the sample, waits for the end if so asked; the exit code. */
export async function runDemo(context: DemoContext): Promise<number> {
  const { options, terminal, signal } = context;
  checkPort(options.port);
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

/** @throws {Error} if the port that was asked for cannot be had. */
function checkPort(port: number): void {
  if (port === 0) return;
  try {
    requireFreePort(port);
  } catch (cause) {
    throw new Error(`Cannot listen on port ${port}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}
