import type { Metrics } from "lib/run/metrics.ts";
import type { StreamFigures } from "./measure.ts";

/** Adds the figures of the streams; while they cannot be had they are left out, and `chris_streams_up` is 0. */
export function addStreamMetrics(metrics: Metrics, look: () => Promise<StreamFigures>): void {
  const up = metrics.gauge("chris_streams_up", "Whether the figures of the streams could be had.");
  const gauges = {
    entries: metrics.gauge("chris_stream_entries", "Entries that a shard holds.", ["stream", "shard"]),
    pending: metrics.gauge(
      "chris_stream_pending_entries",
      "Entries taken by a consumer and not acknowledged.",
      ["stream", "shard"],
    ),
    lag: metrics.gauge("chris_stream_lag_entries", "Entries that no consumer has taken yet.", [
      "stream",
      "shard",
    ]),
    oldest: metrics.gauge(
      "chris_stream_oldest_pending_seconds",
      "Age of the oldest entry that is not acknowledged (s); 0 if there is none.",
      ["stream", "shard"],
    ),
    owned: metrics.gauge("chris_stream_shard_owned", "Whether a consumer owns the shard.", [
      "stream",
      "shard",
    ]),
    letters: metrics.gauge("chris_dead_letters", "Dead letters that nobody has put back or thrown away.", [
      "stream",
    ]),
  };
  const trimmed = metrics.counter(
    "chris_stream_trimmed_entries_total",
    "Entries trimmed before they were acknowledged: lost to whoever had to deal with them.",
    ["stream", "shard"],
  );
  const all = [...Object.values(gauges), trimmed];
  metrics.onRead(async () => {
    up.set(0);
    const { status, logs, workflow } = await look().catch((error) => {
      for (const metric of all) metric.reset();
      throw error;
    });
    for (const metric of all) metric.reset();
    for (const [stream, { shards, dlq_xlen }] of Object.entries({ status, logs })) {
      gauges.letters.set({ stream }, dlq_xlen);
      for (const [shard, figures] of shards.entries()) {
        const labels = { stream, shard };
        gauges.entries.set(labels, figures.xlen);
        gauges.pending.set(labels, figures.pending);
        if (figures.lag !== null) gauges.lag.set(labels, figures.lag);
        gauges.oldest.set(labels, (figures.oldest_pending_ms ?? 0) / 1_000);
        gauges.owned.set(labels, figures.owner === null ? 0 : 1);
        trimmed.inc(labels, figures.trimmed);
      }
    }
    for (const [shard, { xlen }] of workflow.shards.entries()) {
      gauges.entries.set({ stream: "workflow", shard }, xlen);
    }
    up.set(1);
  });
}
