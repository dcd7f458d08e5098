import { type Metrics, SECONDS_BUCKETS } from "lib/run/metrics.ts";

/** What the log forwarder counts: by the batch, so that a line costs nothing of its own. */
export class LogForwarderMetrics {
  readonly #lines;
  readonly #bytes;
  readonly #delay;
  readonly #gaps;
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(metrics: Metrics, now: () => number) {
    this.#now = now;
    this.#lines = metrics.counter(
      "chris_log_lines_published_total",
      "Log lines published, with the markers at the ends of logs.",
    );
    this.#bytes = metrics.counter(
      "chris_log_published_bytes_total",
      "Size of their events (bytes; characters, where a line has others than ASCII).",
    );
    this.#delay = metrics.histogram(
      "chris_log_line_delay_seconds",
      "From the runtime's stamp on the last line of a batch to its publication (s).",
      { buckets: SECONDS_BUCKETS },
    );
    this.#gaps = metrics.counter(
      "chris_log_gaps_total",
      "Places in logs where the runtime dropped lines before they were read.",
    );
  }

  /** A batch is in its stream. `newest`: the stamp on its last line, if it has one. */
  published(entries: readonly string[], newest: string | undefined): void {
    this.#lines.inc(entries.length);
    this.#bytes.inc(entries.reduce((sum, entry) => sum + entry.length, 0));
    if (newest !== undefined) this.#delay.observe(Math.max(0, this.#now() - Date.parse(newest)) / 1_000);
  }

  /** Lines are missing. */
  gap(): void {
    this.#gaps.inc();
  }
}

/** Adds how many logs are being read. */
export function addOpenLogs(metrics: Metrics, open: () => number): void {
  const gauge = metrics.gauge("chris_log_open_containers", "Containers whose log is being read.");
  metrics.onRead(() => {
    gauge.set(open());
    return Promise.resolve();
  });
}
