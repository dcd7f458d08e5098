import { SIGKILL, type Signal } from "./signals.ts";

/** Signals that reach a container's first process whether it has a handler or not. */
const FORCED = new Set([SIGKILL.name, "SIGSTOP", "SIGCONT"]);

/**
 * Whether a signal would reach the process if it were the first of a container: the kernel lets those not reach
 * an init process for which it has no handler. True where the system does not tell.
 */
export async function wouldReach(pid: number, signal: Signal): Promise<boolean> {
  if (FORCED.has(signal.name)) return true;
  const caught = caughtSignals(await processStatus(pid));
  return caught === undefined || (caught >> BigInt(signal.number - 1) & 1n) === 1n;
}

/** The set of signals with a handler, bit 0 for signal 1, from the text of Linux's `/proc/{pid}/status`. Pure. */
export function caughtSignals(status: string): bigint | undefined {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask === undefined ? undefined : BigInt(`0x${mask}`);
}

/** Read by a program, because Deno guards `/proc` with more than read permission. Empty if it cannot be had. */
async function processStatus(pid: number): Promise<string> {
  const cat = new Deno.Command("cat", { args: [`/proc/${pid}/status`], stdin: "null", stderr: "null" });
  const { stdout } = await cat.output().catch(() => ({ stdout: new Uint8Array(0) }));
  return new TextDecoder().decode(stdout);
}
