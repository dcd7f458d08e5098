import type { Metrics } from "../run/metrics.ts";
import { SECONDS_BUCKETS } from "../run/metrics.ts";
import type { ConsumerReport } from "./group_consumer.ts";

/** What a consumer counts: by the batch, so that an entry costs nothing of its own. */
export class ConsumerMetrics {
  readonly #handled;
  readonly #duration;
  readonly #retries;
  readonly #pauses;
  readonly #deadLetters;

  constructor(metrics: Metrics) {
    this.#handled = metrics.counter("chris_consumer_entries_handled_total", "Entries dealt with for good.");
    this.#duration = metrics.histogram(
      "chris_consumer_batch_duration_seconds",
      "How long dealing with a batch of entries took, where it succeeded (s).",
      { buckets: SECONDS_BUCKETS },
    );
    this.#retries = metrics.counter(
      "chris_consumer_retries_total",
      "Tries that failed for a reason of the entries' own.",
    );
    this.#pauses = metrics.counter(
      "chris_consumer_pauses_total",
      "How often a dependency was away with entries in hand.",
    );
    this.#deadLetters = metrics.counter(
      "chris_consumer_dead_letters_total",
      "Entries that went to the dead letters.",
      ["reason"],
    );
    for (const reason of ["undecodable", "handler failed", "worker died"]) {
      this.#deadLetters.inc({ reason }, 0);
    }
  }

  /** A batch is begun; call what is returned when it is dealt with. */
  begin(entries: number): () => void {
    const stop = this.#duration.startTimer();
    return () => {
      stop();
      this.#handled.inc(entries);
    };
  }

  /** Entries failed for a reason of their own. */
  failed(): void {
    this.#retries.inc();
  }

  /** A dependency is away. */
  paused(): void {
    this.#pauses.inc();
  }

  /** An entry went to the dead letters. */
  deadLettered(reason: string): void {
    this.#deadLetters.inc({ reason });
  }
}

/** Adds what a whole consumer has in hand. */
export function addConsumerGauges(metrics: Metrics, report: () => ConsumerReport): void {
  const shards = metrics.gauge("chris_consumer_owned_shards", "Shards that this replica owns.");
  const held = metrics.gauge("chris_consumer_held_jobs", "Jobs held back because an entry of theirs fails.");
  const near = metrics.gauge(
    "chris_consumer_near_trimming_shards",
    "Owned shards of which a group is so far behind that it may soon lose entries.",
  );
  metrics.onRead(() => {
    const now = report();
    shards.set(now.shards.length);
    held.set(now.held_jobs);
    near.set(now.near_trimming.length);
    return Promise.resolve();
  });
}
