/**
 * What happens to one job, as it happens, over server-sent events.
 *
 * @module
 */
import { EventSource } from "eventsource";

/** One thing that happened; the data is as wire.md §2 to §4 say. */
export interface JobEvent {
  readonly kind: "status" | "logs" | "workflow" | "gap";
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Everything that happened to a job and happens until its end. Ends when the service says so; reconnects by
 * itself where the connection breaks. Returns early when `signal` aborts.
 */
export async function* followJob(api: string, jobId: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const source = new EventSource(`${api}/events/${encodeURIComponent(jobId)}/all`);
  const seen: JobEvent[] = [];
  let over = signal.aborted;
  let wake = Promise.withResolvers<void>();
  const end = () => {
    over = true;
    wake.resolve();
  };
  for (const kind of ["status", "logs", "workflow", "gap"] as const) {
    source.addEventListener(kind, (event) => {
      seen.push({ kind, data: JSON.parse(event.data) });
      wake.resolve();
    });
  }
  source.addEventListener("end", end);
  signal.addEventListener("abort", end);
  try {
    while (true) {
      for (const event of seen.splice(0)) yield event;
      if (over && seen.length === 0) return;
      if (seen.length === 0) await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  } finally {
    source.close();
    signal.removeEventListener("abort", end);
  }
}
