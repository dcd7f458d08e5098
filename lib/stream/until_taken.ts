import type { Logger } from "../run/log.ts";
import { untilAvailable } from "../run/until_available.ts";

/** After the signal to stop, a call in hand may take this long (ms). */
const FINISH_MS = 5_000;

/**
 * Repeats `call`, which must be safe to run twice, until it succeeds: an outage is a pause. Once `signal` aborts
 * the call in hand is given a moment, and no other is begun. (A call to Redis waits until Redis is back, however
 * long that takes; whoever stops cannot.)
 *
 * @throws the signal's reason if it aborts before a call succeeded, and whatever `call` throws but an outage.
 */
export async function untilTaken<T>(
  call: () => Promise<T>,
  options: { signal: AbortSignal; log: Logger; finishMs?: number },
): Promise<T> {
  const { signal, log, finishMs = FINISH_MS } = options;
  return await untilAvailable(() => orStopped(call, signal, finishMs), { signal, log });
}

async function orStopped<T>(call: () => Promise<T>, signal: AbortSignal, finishMs: number): Promise<T> {
  signal.throwIfAborted();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let arm = () => {};
  const late = new Promise<never>((_, reject) => {
    arm = () => {
      timer = setTimeout(() => reject(signal.reason), finishMs);
    };
  });
  signal.addEventListener("abort", arm, { once: true });
  try {
    return await Promise.race([call(), late]);
  } finally {
    signal.removeEventListener("abort", arm);
    clearTimeout(timer);
  }
}
