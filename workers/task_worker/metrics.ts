import type { StatusEvent } from "lib/event/status.ts";
import type { WorkflowEvent } from "lib/event/workflow.ts";
import { PfconConflictError, PfconFaultError, PfconRejectedError } from "lib/pfcon/client.ts";
import { type Metrics, SECONDS_BUCKETS } from "lib/run/metrics.ts";
import { OutageError } from "lib/run/outage_error.ts";
import type { OutboxRow } from "lib/store/outbox.ts";
import type { PfconCalls } from "./pfcon_in_turn.ts";

/** What the outbox relay counts, as events go out: one that Redis lost and that goes out again counts again. */
export class RelayMetrics {
  readonly #events;
  readonly #ends;
  readonly #delay;
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(metrics: Metrics, now: () => number) {
    this.#now = now;
    this.#events = metrics.counter(
      "chris_relay_events_published_total",
      "Confirmations and workflow events that went out.",
      ["stream"],
    );
    for (const stream of ["status", "workflow"]) this.#events.inc({ stream }, 0);
    this.#ends = metrics.counter("chris_workflows_ended_total", "Workflows that came to their end.", [
      "status",
    ]);
    this.#delay = metrics.histogram(
      "chris_confirmation_delay_seconds",
      "From the end of a container, by its own time, to the publication of its confirmation (s).",
      { buckets: SECONDS_BUCKETS },
    );
  }

  /** Rows are in their streams. */
  published(rows: readonly Pick<OutboxRow, "stream" | "event">[]): void {
    for (const { stream, event } of rows) {
      this.#events.inc({ stream });
      if (stream === "status") this.#confirmed(event as StatusEvent);
      else this.#moved(event as WorkflowEvent);
    }
  }

  #confirmed({ timestamp }: StatusEvent): void {
    this.#delay.observe(Math.max(0, this.#now() - Date.parse(timestamp)) / 1_000);
  }

  #moved({ current_step, workflow_status }: WorkflowEvent): void {
    if (current_step === "completed") this.#ends.inc({ status: workflow_status });
  }
}

/** Dead letters that the task worker writes itself. */
export function countedDeadLetters<Letter extends { readonly reason: string }>(
  metrics: Metrics,
  write: (letter: Letter) => Promise<void>,
): (letter: Letter) => Promise<void> {
  const written = metrics.counter(
    "chris_task_dead_letters_total",
    "Status events that could not be recorded and went to the dead letters.",
    ["reason"],
  );
  written.inc({ reason: "cannot be recorded" }, 0);
  return async (letter) => {
    await write(letter);
    written.inc({ reason: letter.reason });
  };
}

/** The same pfcon, with each call counted. */
export function countedPfcon(pfcon: PfconCalls, metrics: Metrics): PfconCalls {
  const calls = metrics.counter(
    "chris_pfcon_calls_total",
    "Calls to pfcon: ok, conflict (not yet), rejected (never), fault (of something behind it), outage (no answer).",
    ["call", "outcome"],
  );
  const duration = metrics.histogram(
    "chris_pfcon_call_duration_seconds",
    "How long calls to pfcon took (s).",
    {
      labels: ["call"],
      buckets: SECONDS_BUCKETS,
    },
  );
  for (const call of ["schedule", "get", "remove"]) {
    for (const outcome of ["ok", "conflict", "rejected", "fault", "outage"]) calls.inc({ call, outcome }, 0);
  }
  const counted = async <T>(call: string, ask: () => Promise<T>): Promise<T> => {
    const stop = duration.startTimer({ call });
    try {
      const answer = await ask();
      calls.inc({ call, outcome: "ok" });
      return answer;
    } catch (error) {
      calls.inc({ call, outcome: outcomeOf(error) });
      throw error;
    } finally {
      stop();
    }
  };
  return {
    schedule: (...args) => counted("schedule", () => pfcon.schedule(...args)),
    get: (...args) => counted("get", () => pfcon.get(...args)),
    remove: (...args) => counted("remove", () => pfcon.remove(...args)),
  };
}

function outcomeOf(error: unknown): string {
  if (error instanceof PfconConflictError) return "conflict";
  if (error instanceof PfconRejectedError) return "rejected";
  if (error instanceof PfconFaultError) return "fault";
  return error instanceof OutageError ? "outage" : "given up";
}
