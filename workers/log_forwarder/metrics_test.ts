import { assertMatch } from "@std/assert";
import { Metrics } from "lib/run/metrics.ts";
import { LogForwarderMetrics } from "./metrics.ts";

Deno.test("LogForwarderMetrics counts lines and bytes by the batch, and how late its last line is", async () => {
  const metrics = new Metrics();
  const forwarder = new LogForwarderMetrics(metrics, () => Date.UTC(2026, 0, 1, 12));
  forwarder.published(["12345", "123"], "2026-01-01T11:59:58.000000000Z");
  forwarder.published(["the marker at the end alone"], undefined);
  const text = await (await metrics.answer(null)).text();
  assertMatch(text, /^chris_log_lines_published_total 3$/m);
  assertMatch(text, /^chris_log_published_bytes_total 35$/m);
  assertMatch(text, /^chris_log_line_delay_seconds_sum 2$/m);
  assertMatch(text, /^chris_log_line_delay_seconds_count 1$/m);
});
