import type { Logger } from "../run/log.ts";
import { OutageError } from "../run/outage_error.ts";
import { untilAvailable } from "../run/until_available.ts";

/**
 * Repeats `call` while Redis refuses it; undefined if `signal` aborts before it was done.
 *
 * @throws whatever `call` throws but an outage.
 */
export async function throughOutage<T>(
  call: () => Promise<T>,
  options: { signal: AbortSignal; log: Logger },
): Promise<T | undefined> {
  try {
    return await untilAvailable(call, options);
  } catch (error) {
    if (error instanceof OutageError && options.signal.aborted) return undefined;
    throw error;
  }
}
