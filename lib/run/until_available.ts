import { backoffMs } from "./backoff.ts";
import type { Logger } from "./log.ts";
import { OutageError } from "./outage_error.ts";
import { sleep } from "./sleep.ts";

/**
 * Does `attempt` again and again while a dependency is away: an outage is a pause (guarantee G8).
 *
 * @throws whatever `attempt` throws that is no {@link OutageError}; the last outage when `signal` aborts.
 */
export async function untilAvailable<T>(
  attempt: () => Promise<T>,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<T> {
  for (let outages = 0;;) {
    try {
      const result = await attempt();
      if (outages > 0) log.info("dependency is back, going on");
      return result;
    } catch (error) {
      if (!(error instanceof OutageError) || signal.aborted) throw error;
      if (outages++ === 0) log.warn({ error: error.message }, "paused: a dependency is unavailable");
      await sleep(backoffMs(outages), signal);
      if (signal.aborted) throw error;
    }
  }
}
