import { EngineError } from "./engine_error.ts";

/** Signals of Linux on x86-64 and ARM, by number. */
const SIGNALS = new Map<number, Deno.Signal>([
  [1, "SIGHUP"],
  [2, "SIGINT"],
  [3, "SIGQUIT"],
  [4, "SIGILL"],
  [5, "SIGTRAP"],
  [6, "SIGABRT"],
  [7, "SIGBUS"],
  [8, "SIGFPE"],
  [9, "SIGKILL"],
  [10, "SIGUSR1"],
  [11, "SIGSEGV"],
  [12, "SIGUSR2"],
  [13, "SIGPIPE"],
  [14, "SIGALRM"],
  [15, "SIGTERM"],
  [17, "SIGCHLD"],
  [18, "SIGCONT"],
  [19, "SIGSTOP"],
  [20, "SIGTSTP"],
  [28, "SIGWINCH"],
]);

/** A signal with its number. */
export interface Signal {
  readonly name: Deno.Signal;
  readonly number: number;
}

/** The signal that no process survives. */
export const SIGKILL: Signal = { name: "SIGKILL", number: 9 };

/**
 * Reads `KILL`, `SIGKILL` or `9`, in any case.
 *
 * @throws {EngineError} 400 if there is no such signal.
 */
export function parseSignal(text: string): Signal {
  const upper = text.toUpperCase();
  for (const [number, name] of SIGNALS) {
    if (upper === name || `SIG${upper}` === name || text === String(number)) return { name, number };
  }
  throw new EngineError(400, `Invalid signal: ${text}`);
}
