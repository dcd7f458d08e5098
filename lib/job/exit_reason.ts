/**
 * Exit codes in words.
 *
 * @module
 */
import type { Reason } from "../event/status.ts";

/** Names of the signals that end processes (Linux, x86 and ARM), by number. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  16: "SIGSTKFLT",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  26: "SIGVTALRM",
  27: "SIGPROF",
  29: "SIGIO",
  30: "SIGPWR",
  31: "SIGSYS",
};

/** What shells and container runtimes mean by two of the codes. */
const HINTS: Readonly<Record<number, string>> = {
  126: " (the command was found but cannot be executed)",
  127: " (the command was not found)",
};

/**
 * "exited with code 3", with what the code hints at: codes above 128 stand for a signal, 126 and 127 for a
 * command that could not be run.
 */
export function exitText(code: number): string {
  const signal = SIGNALS[code - 128];
  if (signal) return `exited with code ${code} (128 + signal ${code - 128}, ${signal})`;
  return `exited with code ${code}${HINTS[code] ?? ""}`;
}

/** Why a process that left `code` failed; null for 0, which needs no reason. */
export function exitReason(code: number): Reason | null {
  return code === 0 ? null : { code: "exit", text: exitText(code) };
}
