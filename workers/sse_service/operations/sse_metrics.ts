import type { Metrics } from "lib/run/metrics.ts";

/** What the event streams count: by the chunk, so that an event to a client costs nothing of its own. */
export class SseMetrics {
  readonly #events;
  readonly #bytes;
  readonly #historyReads;
  readonly #slow;

  constructor(metrics: Metrics) {
    this.#events = metrics.counter("chris_sse_events_sent_total", "Events written to clients.");
    this.#bytes = metrics.counter(
      "chris_sse_sent_bytes_total",
      "Size of what was written to clients (bytes).",
    );
    this.#historyReads = metrics.counter(
      "chris_sse_history_reads_total",
      "Passes over history: one for each client that comes, and for each that fell behind.",
    );
    this.#slow = metrics.counter(
      "chris_sse_slow_switches_total",
      "Clients that fell behind what is live and were switched to history.",
    );
  }

  /** A chunk is handed to a client's connection. */
  sent(events: number, bytes: number): void {
    this.#events.inc(events);
    this.#bytes.inc(bytes);
  }

  /** A client is caught up from history. */
  historyRead(): void {
    this.#historyReads.inc();
  }

  /** A client fell behind. */
  fellBehind(): void {
    this.#slow.inc();
  }
}

/** Adds how many clients there are, and how many there may be. */
export function addSseClients(metrics: Metrics, clients: () => number, limit: number): void {
  const gauge = metrics.gauge("chris_sse_clients", "Event streams open now.");
  metrics.gauge("chris_sse_clients_limit", "Event streams that may be open at the same time.").set(limit);
  metrics.onRead(() => {
    gauge.set(clients());
    return Promise.resolve();
  });
}
