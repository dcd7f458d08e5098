/**
 * Starting again what died.
 *
 * @module
 */
import { backoffMs } from "lib/run/backoff.ts";
import { sleep } from "lib/run/sleep.ts";

/** Something that runs beside us and can be started again. */
export interface Part {
  readonly name: string;
  /** Resolves when it has gone. */
  readonly ended: Promise<unknown>;
  /** Starts it and waits until it is ready. @throws {Error} if it does not become ready. */
  start(): Promise<void>;
  stop(): Promise<unknown>;
  /** The last lines of its log. */
  logTail(): Promise<string>;
}

/** What `keepRunning` needs beside the part. */
export interface KeepRunningOptions {
  readonly signal: AbortSignal;
  /** Told of each death, with the end of the log. */
  readonly say: (text: string) => void;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/** A life longer than this (ms) starts the counting of failures anew. */
const LONG_LIFE_MS = 30_000;

/** Starts a part again, with growing pauses, whenever it ends; returns when `signal` aborts. */
export async function keepRunning(part: Part, options: KeepRunningOptions): Promise<void> {
  const { signal, say, now = () => performance.now() } = options;
  const stopped = Promise.withResolvers<void>();
  if (signal.aborted) stopped.resolve();
  signal.addEventListener("abort", () => stopped.resolve(), { once: true });
  let failures = 0;
  let startedAt = now();
  while (true) {
    await Promise.race([part.ended, stopped.promise]);
    if (signal.aborted) return;
    failures = now() - startedAt > LONG_LIFE_MS ? 1 : failures + 1;
    const pauseMs = backoffMs(failures, { baseMs: 1_000, capMs: 20_000 });
    const tail = await part.logTail();
    say(`died, starting it again in ${(pauseMs / 1000).toFixed(1)} s; the end of its log:\n${tail}`);
    await sleep(pauseMs, signal);
    if (signal.aborted) return;
    startedAt = now();
    await part.start().then(() => say("is back"), () => {}); // why not is told by the next turn
  }
}
