/**
 * The one contract of everything long-running.
 *
 * @module
 */

/**
 * A long-running part of a process. `run` resolves when `signal` has aborted and nothing it started is left;
 * it rejects on what it cannot heal. A worker that has ended is not run again.
 */
export interface Worker {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Runs workers side by side until `signal` aborts; the first to end, well or badly, stops the others.
 *
 * @throws {AggregateError} with the faults of all workers that rejected.
 */
export async function runAll(workers: readonly Worker[], signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const ends = await Promise.allSettled(
    workers.map((worker) => worker.run(either).finally(() => stop.abort())),
  );
  const faults = ends.flatMap((end) => end.status === "rejected" ? [end.reason] : []);
  if (faults.length > 0) {
    throw new AggregateError(faults, `Cannot keep running: ${faults.map(String).join("; ")}`);
  }
}
