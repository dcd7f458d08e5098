/** What the command tells the shell. */
export const EXIT = {
  done: 0,
  /** A job failed, or something could not be done. */
  failed: 1,
  /** The command line cannot work. */
  usage: 2,
  cancelled: 3,
  /** The service cannot be reached or cannot answer. */
  unreachable: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** Whether a workflow with this status is not over. */
export function isRunning(status: string): boolean {
  return status === "running";
}

/** The exit code that tells how a workflow ended. */
export function exitCodeOf(status: string): number {
  if (status === "finishedSuccessfully") return EXIT.done;
  return status === "cancelled" ? EXIT.cancelled : EXIT.failed;
}
