import {
  type ChrisClient,
  ChrisError,
  ChrisOutageError,
  type EventsOptions,
  type JobEvent,
} from "lib/client/chris_client.ts";
import { sleep } from "lib/run/sleep.ts";
import { isRunning } from "./exit_codes.ts";

/** Pause before a stream that ended too early is opened again, and between looks during an outage (ms). */
const AGAIN_MS = 500;

/**
 * A job's events, without `end`, until it is over or `signal` aborts. A stream that is opened right after a retry may
 * still be told the end of the attempt before: then it is opened again where it was.
 *
 * @throws {ChrisError} as `client.events()` does; outages are waited for.
 */
export async function* eventsUntilOver(
  client: ChrisClient,
  jobId: string,
  options: EventsOptions & { readonly signal: AbortSignal },
): AsyncGenerator<JobEvent> {
  const { signal } = options;
  let { from } = options;
  do {
    for await (const event of client.events(jobId, { ...options, from })) {
      from = event.id;
      if (event.kind === "end") break;
      yield event;
    }
  } while (await goesOn(client, jobId, signal));
}

/** Whether a job is not over after all; after a pause if so. */
async function goesOn(client: ChrisClient, jobId: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      if (!isRunning((await client.workflow(jobId, { signal })).status)) return false;
      await sleep(AGAIN_MS, signal);
      return !signal.aborted;
    } catch (error) {
      if (signal.aborted || (error instanceof ChrisError && error.status === 404)) return false;
      if (!(error instanceof ChrisOutageError)) throw error;
      await sleep(AGAIN_MS, signal);
    }
  }
  return false;
}
