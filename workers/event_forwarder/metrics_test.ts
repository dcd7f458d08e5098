import { assertEquals, assertMatch } from "@std/assert";
import { Metrics } from "lib/run/metrics.ts";
import { countedTerm } from "lib/stream/leader_metrics.ts";
import { ForwarderMetrics } from "./metrics.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const textOf = async (metrics: Metrics) => await (await metrics.answer(null)).text();

Deno.test("ForwarderMetrics tells how late each state was published, by the state's own time", async () => {
  const metrics = new Metrics();
  const forwarder = new ForwarderMetrics(metrics, () => NOW);
  forwarder.published([
    { status: "started", timestamp: "2026-01-01T11:59:57+00:00" },
    { status: "finishedSuccessfully", timestamp: "2026-01-01T11:59:59.500000+00:00" },
    { status: "started", timestamp: "2026-01-01T12:00:05+00:00" }, // the runtime's clock is ahead
  ]);
  const text = await textOf(metrics);
  assertMatch(text, /^chris_status_events_published_total\{status="started"\} 2$/m);
  assertMatch(text, /^chris_status_event_delay_seconds_sum 3\.5$/m);
  assertMatch(text, /^chris_status_event_delay_seconds_count 3$/m);
});

Deno.test("countedTerm() says that a replica leads while it does, also when it ends by a fault", async () => {
  const metrics = new Metrics({ freshMs: 0 });
  const leading = async () => /^chris_forwarder_leading (\d)$/m.exec(await textOf(metrics))?.[1];
  const seen: (string | undefined)[] = [];
  const term = countedTerm(metrics, async () => {
    seen.push(await leading());
    throw new Error("lost");
  });
  seen.push(await leading());
  await term(new AbortController().signal).catch(() => {});
  seen.push(await leading());
  assertEquals(seen, ["0", "1", "0"]);
});
