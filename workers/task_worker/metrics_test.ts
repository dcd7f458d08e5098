import { assertEquals, assertRejects } from "@std/assert";
import { PfconConflictError, PfconFaultError, type PfconJob, PfconRejectedError } from "lib/pfcon/client.ts";
import { Metrics } from "lib/run/metrics.ts";
import { OutageError } from "lib/run/outage_error.ts";
import type { OutboxRow } from "lib/store/outbox.ts";
import { countedDeadLetters, countedPfcon, RelayMetrics } from "./metrics.ts";

const NOW = Date.UTC(2026, 0, 1, 12);

/** Figures that are not zero; of histograms the sum alone. */
async function told(metrics: Metrics): Promise<Record<string, number>> {
  const text = await (await metrics.answer(null)).text();
  const lines = [...text.matchAll(/^(chris_\w+(?:_total|_sum)(?:\{.*\})?) (\S+)$/gm)];
  return Object.fromEntries(
    lines.map(([, name = "", value]) => [name, Number(value)] as const).filter(([, value]) => value > 0),
  );
}

Deno.test("countedPfcon() answers as pfcon does, and counts each call by how it ended", async () => {
  const metrics = new Metrics();
  const faults = [
    new PfconConflictError("order", "not yet"),
    new PfconRejectedError("order", 400, "never"),
    new PfconFaultError("order", 500, "broken"),
    new OutageError("pfcon", "order"),
  ];
  const pfcon = countedPfcon({
    schedule: () => Promise.reject(faults.shift()),
    get: () => Promise.resolve(null),
    remove: () => Promise.reject(new DOMException("stopped", "AbortError")),
  }, metrics);
  assertEquals(await pfcon.get("copy", "a"), null);
  const job = { job_id: "a" } as PfconJob;
  for (const fault of [...faults]) {
    assertEquals(await pfcon.schedule("copy", job).catch((error) => error), fault);
  }
  await assertRejects(() => pfcon.remove("copy", "a"), DOMException);
  const calls = Object.keys(await told(metrics)).filter((name) => name.startsWith("chris_pfcon_calls_total"));
  assertEquals(
    new Set(calls.map((name) => name.slice("chris_pfcon_calls_total".length))),
    new Set([
      '{call="get",outcome="ok"}',
      '{call="schedule",outcome="conflict"}',
      '{call="schedule",outcome="rejected"}',
      '{call="schedule",outcome="fault"}',
      '{call="schedule",outcome="outage"}',
      '{call="remove",outcome="given up"}',
    ]),
  );
});

Deno.test("RelayMetrics tells how late confirmations are, and how workflows ended", async () => {
  const metrics = new Metrics();
  const row = (stream: "status" | "workflow", event: unknown) => ({ stream, event }) as OutboxRow;
  new RelayMetrics(metrics, () => NOW).published([
    row("status", { timestamp: new Date(NOW - 1_500).toISOString() }),
    row("workflow", { current_step: "plugin", workflow_status: "running" }),
    row("workflow", { current_step: "completed", workflow_status: "failed" }),
  ]);
  assertEquals(await told(metrics), {
    'chris_relay_events_published_total{stream="status"}': 1,
    'chris_relay_events_published_total{stream="workflow"}': 2,
    'chris_workflows_ended_total{status="failed"}': 1,
    "chris_confirmation_delay_seconds_sum": 1.5,
  });
});

Deno.test("countedDeadLetters() counts what was written, and not what could not be", async () => {
  const metrics = new Metrics();
  let away = true;
  const write = countedDeadLetters(
    metrics,
    () => away ? Promise.reject(new Error("away")) : Promise.resolve(),
  );
  await assertRejects(() => write({ reason: "cannot be recorded" }));
  away = false;
  await write({ reason: "cannot be recorded" });
  assertEquals(await told(metrics), { 'chris_task_dead_letters_total{reason="cannot be recorded"}': 1 });
});
