import { type ChrisClient, ChrisOutageError, type WorkflowView } from "lib/client/chris_client.ts";
import { sleep } from "lib/run/sleep.ts";
import { eventsUntilOver } from "./events_until_over.ts";
import { isRunning } from "./exit_codes.ts";
import type { JobViewer } from "./job_viewer.ts";
import { ReconnectNotes } from "./reconnect_notes.ts";

/** How a job is followed. */
export interface FollowJobOptions {
  /** Log lines as well, from the first. */
  readonly logs: boolean;
  readonly viewer: JobViewer;
  readonly signal: AbortSignal;
  /** Pause between looks at the workflow that no event asks for (ms). @default 3_000 */
  readonly pollMs?: number;
}

/**
 * Shows a job until it is over; how it stands then. Events say when to look; why a step waits is told by no event,
 * so it is looked at from time to time as well.
 *
 * @throws {ChrisError} if there is no such job. @throws {ChrisOutageError} if the service cannot be reached to begin
 *   with; later outages are waited for. Rejects with the signal's reason if it aborts.
 */
export async function followJob(
  client: ChrisClient,
  jobId: string,
  { logs, viewer, signal, pollMs = 3_000 }: FollowJobOptions,
): Promise<WorkflowView> {
  const first = await client.workflow(jobId, { signal });
  viewer.view(first);
  if (!logs && !isRunning(first.status)) return first;
  using looking = new Looking(client, jobId, { viewer, signal, pollMs, endAtOver: !logs });
  const connection = new ReconnectNotes((text) => viewer.note(text));
  const events = eventsUntilOver(client, jobId, {
    kind: logs ? "all" : "workflow",
    signal: looking.signal,
    onReconnecting: (what) => connection.lost(what),
  });
  for await (const event of events) {
    connection.heard();
    if (event.kind === "workflow") looking.lookNow();
    else if (event.kind === "logs") viewer.line(event.data, event.id);
    else if (event.kind === "gap") viewer.gap(event.data);
  }
  signal.throwIfAborted();
  return await looking.lastLook();
}

/** Looks at a workflow when asked to and from time to time, one look at a time. */
class Looking implements Disposable {
  readonly #client: ChrisClient;
  readonly #jobId: string;
  readonly #options: { viewer: JobViewer; signal: AbortSignal; pollMs: number; endAtOver: boolean };
  readonly #over = new AbortController();
  #asked = Promise.withResolvers<void>();
  readonly #running: Promise<void>;
  #fault: unknown = null;

  constructor(
    client: ChrisClient,
    jobId: string,
    options: { viewer: JobViewer; signal: AbortSignal; pollMs: number; endAtOver: boolean },
  ) {
    this.#client = client;
    this.#jobId = jobId;
    this.#options = options;
    this.#running = this.#run().catch((error) => {
      this.#fault = error;
      this.#over.abort();
    });
  }

  /** Aborts with the caller's, or when there is nothing left to look for. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#options.signal, this.#over.signal]);
  }

  lookNow(): void {
    this.#asked.resolve();
  }

  /** How the workflow stands in the end. */
  async lastLook(): Promise<WorkflowView> {
    this.#over.abort();
    await this.#running;
    if (this.#fault) throw this.#fault;
    for (;;) {
      const view = await this.#look();
      if (view) return view;
      await sleep(1_000, this.#options.signal);
      this.#options.signal.throwIfAborted();
    }
  }

  [Symbol.dispose](): void {
    this.#over.abort();
  }

  async #run(): Promise<void> {
    const { pollMs, endAtOver } = this.#options;
    const signal = this.signal;
    while (!signal.aborted) {
      await Promise.race([this.#asked.promise, sleep(pollMs, signal)]);
      this.#asked = Promise.withResolvers();
      if (signal.aborted) return;
      const view = await this.#look();
      if (view && endAtOver && !isRunning(view.status)) this.#over.abort();
    }
  }

  /** Null during an outage: events will say so. */
  async #look(): Promise<WorkflowView | null> {
    const { signal, viewer } = this.#options;
    try {
      const view = await this.#client.workflow(this.#jobId, { signal });
      viewer.view(view);
      return view;
    } catch (error) {
      if (error instanceof ChrisOutageError || signal.aborted) return null;
      throw error;
    }
  }
}
