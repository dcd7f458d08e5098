/**
 * Figures that every process has: what it costs its machine, and whether it reaches what it needs.
 *
 * @module
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Adds them. prom-client's own set is not used: without the right to read `/proc`, which workers do not have, half
 * of it is zero, and some of its names are none that Prometheus takes for well-formed.
 */
export function addProcessMetrics(
  metrics: Metrics,
  { worker, health }: { worker: string; health: Health },
): void {
  const info = metrics.gauge("chris_worker_info", "What runs here; always 1.", ["worker", "deno"]);
  info.set({ worker, deno: Deno.version.deno }, 1);
  const started = metrics.gauge("process_start_time_seconds", "When the process started (s since 1970).");
  started.set(performance.timeOrigin / 1_000);
  addCost(metrics);
  const up = metrics.gauge("chris_dependency_up", "Whether a dependency answers: 1, else 0.", ["dependency"]);
  const latency = metrics.gauge(
    "chris_dependency_latency_seconds",
    "How long a dependency took to answer last (s).",
    ["dependency"],
  );
  metrics.onRead(async () => {
    const { dependencies, latency_ms } = await health.ready();
    for (const [dependency, state] of Object.entries(dependencies)) {
      up.set({ dependency }, state === "ok" ? 1 : 0);
      latency.set({ dependency }, (latency_ms[dependency] ?? 0) / 1_000);
    }
  });
}

function addCost(metrics: Metrics): void {
  const cpu = metrics.counter("process_cpu_seconds_total", "Processor time used (s).");
  const rss = metrics.gauge("process_resident_memory_bytes", "Memory held (bytes).");
  const heap = metrics.gauge("process_heap_used_bytes", "JavaScript memory in use (bytes).");
  const help = "How much later than due things happened since the last reading (s)";
  const usualLag = metrics.gauge("process_event_loop_lag_p50_seconds", `${help}: half of them.`);
  const worstLag = metrics.gauge("process_event_loop_lag_p99_seconds", `${help}: all but one in a hundred.`);
  const delay = monitorEventLoopDelay({ resolution: 200 });
  delay.enable();
  let counted = 0;
  metrics.onRead(() => {
    const { user, system } = process.cpuUsage();
    cpu.inc(Math.max(0, (user + system) / 1e6 - counted));
    counted = (user + system) / 1e6;
    const memory = Deno.memoryUsage();
    rss.set(memory.rss);
    heap.set(memory.heapUsed);
    if (delay.count > 0) {
      usualLag.set(delay.percentile(50) / 1e9);
      worstLag.set(delay.percentile(99) / 1e9);
    }
    delay.reset();
    return Promise.resolve();
  });
}
