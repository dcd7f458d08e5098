import type { Metrics } from "../run/metrics.ts";

/** `work` as a leader does it (`runAsLeader`), with a gauge that tells whether it does. */
export function countedTerm(
  metrics: Metrics,
  work: (term: AbortSignal) => Promise<void>,
): (term: AbortSignal) => Promise<void> {
  const leading = metrics.gauge(
    "chris_forwarder_leading",
    "1 while this replica forwards, 0 while it stands by.",
  );
  return async (term) => {
    leading.set(1);
    try {
      await work(term);
    } finally {
      leading.set(0);
    }
  };
}
