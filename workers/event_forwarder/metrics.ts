import type { StatusEvent } from "lib/event/status.ts";
import { type Metrics, SECONDS_BUCKETS } from "lib/run/metrics.ts";

/** What the event forwarder counts. */
export class ForwarderMetrics {
  readonly #published;
  readonly #delay;
  readonly #lists;
  readonly #inspections;
  readonly #vanished;
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(metrics: Metrics, now: () => number) {
    this.#now = now;
    this.#published = metrics.counter("chris_status_events_published_total", "Status events published.", [
      "status",
    ]);
    this.#delay = metrics.histogram(
      "chris_status_event_delay_seconds",
      "From a state's own time to its publication (s); long for what happened while no forwarder ran.",
      { buckets: SECONDS_BUCKETS },
    );
    this.#lists = metrics.counter(
      "chris_runtime_lists_total",
      "Lists of all containers: regular ones, and those after the connection to the runtime was made.",
      ["reason"],
    );
    for (const reason of ["regular", "connected"]) this.#lists.inc({ reason }, 0);
    this.#inspections = metrics.counter("chris_containers_inspected_total", "Containers looked at.");
    this.#vanished = metrics.counter(
      "chris_containers_vanished_total",
      "Containers that were removed before anyone saw how they ended.",
    );
  }

  /** The runtime listed all containers. */
  listed(afterGap: boolean): void {
    this.#lists.inc({ reason: afterGap ? "connected" : "regular" });
  }

  /** A container was looked at. */
  inspected(): void {
    this.#inspections.inc();
  }

  /** A container was gone. */
  vanished(): void {
    this.#vanished.inc();
  }

  /** Events are in their stream. */
  published(events: readonly Pick<StatusEvent, "status" | "timestamp">[]): void {
    for (const { status, timestamp } of events) {
      this.#published.inc({ status });
      this.#delay.observe(Math.max(0, this.#now() - Date.parse(timestamp)) / 1_000);
    }
  }
}
